"""The checks: what each reads, from which source, and how the answer follows (DOMAIN section 3).

A check has the strictest class among its inputs. Nothing on record answers UNKNOWN, which is never a NO.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from schema.catalogue import Slot, source_of
from schema.identity import normalise_name
from schema.ids import CollectionName, FieldId
from schema.vocabulary import Answer, FieldClass, Source

__all__ = ["CHECKS", "CheckInfo", "evaluate"]

Rows = Sequence[Sequence[object]]
Arguments = Mapping[str, object]

SCHOOL_ENTRY_DOSES: Final[Mapping[str, int]] = MappingProxyType(
    {"HEPATITIS_B": 3, "BCG": 1, "POLIO": 4, "DTP": 4, "MMR": 2, "JAPANESE_ENCEPHALITIS": 2, "MENINGOCOCCAL": 3}
)
"""Doses due before school entry at six (national immunisation programme; verify yearly)."""


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """One check. `columns` is what it reads, in the order its rule expects; `person` names the argument that is
    another person's id."""

    name: str
    collection: CollectionName
    columns: tuple[str, ...]
    field_class: FieldClass
    person: str | None = None
    rule: Callable[[Rows, Arguments, date], Answer] = field(repr=False, default=lambda *_: Answer.UNKNOWN)

    @property
    def id(self) -> FieldId:
        """Schema coordinate, `Checks.permitValid`."""
        return FieldId(f"Checks.{self.name}")

    @property
    def source(self) -> Source:
        """The source that answers."""
        return source_of(self.collection)

    @property
    def slot(self) -> Slot:
        """What policies speak about."""
        return Slot(self.field_class, self.source)


def evaluate(name: str, rows: Rows, arguments: Arguments, today: date) -> Answer:
    """The answer for one person from the rows of `CHECKS[name].columns`; no rows answer UNKNOWN."""
    return CHECKS[name].rule(rows, arguments, today) if rows else Answer.UNKNOWN


def _yes(value: bool) -> Answer:
    return Answer.YES if value else Answer.NO


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, at most the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _identity(rows: Rows, arguments: Arguments, _today: date) -> Answer:
    name, birth_date = rows[0]
    if not isinstance(name, str) or not isinstance(birth_date, date):
        return Answer.UNKNOWN
    same_name = normalise_name(name) == normalise_name(str(arguments["name"]))
    return _yes(same_name and birth_date == arguments["birthDate"])


def _half_year(rows: Rows, _arguments: Arguments, today: date) -> Answer:
    """Decree 663 Art. 2: half a year of residence, from the registration that has not been cancelled."""
    limit = _months_before(today, 6)
    return _yes(any(isinstance(since, date) and since <= limit and cancelled is None for since, cancelled in rows))


def _permit(rows: Rows, _arguments: Arguments, today: date) -> Answer:
    return _yes(any(status == "VALID" and isinstance(until, date) and until >= today for status, until in rows))


def _insured(rows: Rows, arguments: Arguments, _today: date) -> Answer:
    needed = int(str(arguments["period"]).removeprefix("MONTHS_"))
    pension = [months for kind, months in rows if kind == "PENSION" and isinstance(months, int)]
    return _yes(sum(pension) >= needed) if pension else Answer.UNKNOWN


def _employed(rows: Rows, _arguments: Arguments, today: date) -> Answer:
    return _yes(
        any(
            isinstance(start, date) and start <= today and (end is None or (isinstance(end, date) and end >= today))
            for start, end in rows
        )
    )


def _enrolled(rows: Rows, _arguments: Arguments, _today: date) -> Answer:
    return _yes(any(status == "ENROLLED" for (status,) in rows))


def _immunised(rows: Rows, _arguments: Arguments, _today: date) -> Answer:
    given = {(vaccine, dose) for vaccine, dose in rows}
    return _yes(
        all((vaccine, dose) in given for vaccine, doses in SCHOOL_ENTRY_DOSES.items() for dose in range(1, doses + 1))
    )


def _licensed(rows: Rows, _arguments: Arguments, _today: date) -> Answer:
    return _yes(any(status == "ACTIVE" for (status,) in rows))


def _married(rows: Rows, arguments: Arguments, _today: date) -> Answer:
    """The latest registration counts; rows come newest first."""
    status, spouse = rows[0]
    return _yes(status == "MARRIED" and spouse is not None and spouse == arguments["person"])


def _guardian(rows: Rows, arguments: Arguments, _today: date) -> Answer:
    return _yes(any(child is not None and child == arguments["child"] for (child,) in rows))


def _check(
    name: str,
    place: tuple[str, FieldClass],
    columns: tuple[str, ...],
    rule: Callable[[Rows, Arguments, date], Answer],
    person: str | None = None,
) -> CheckInfo:
    return CheckInfo(name, CollectionName(place[0]), columns, place[1], person, rule)


_FC = FieldClass
_ALL: Final = (
    _check("identityMatches", ("police.persons", _FC.PERSONAL), ("name", "birth_date"), _identity),
    _check(
        "residentHalfYear",
        ("police.residence_registrations", _FC.BASIC),
        ("registered_on", "cancelled_on"),
        _half_year,
    ),
    _check("permitValid", ("police.residence_permits", _FC.BASIC), ("status", "valid_until"), _permit),
    _check("insuredMonths", ("human_resources.social_insurances", _FC.FINANCIAL), ("kind", "months_paid"), _insured),
    _check("employedNow", ("human_resources.employments", _FC.PERSONAL), ("started_on", "ended_on"), _employed),
    _check("enrolledWithHealth", ("health.enrolments", _FC.HEALTH), ("status",), _enrolled),
    _check("immunisationComplete", ("health.immunisations", _FC.HEALTH), ("vaccine", "dose"), _immunised),
    _check("licenceActive", ("business.licences", _FC.PUBLIC), ("status",), _licensed),
    _check(
        "marriedTo",
        ("civil_affairs.marriage_registrations", _FC.FAMILY),
        ("status", "spouse_key"),
        _married,
        person="person",
    ),
    _check("guardianOf", ("civil_affairs.guardianships", _FC.FAMILY), ("child_key",), _guardian, person="child"),
)

CHECKS: Final[Mapping[str, CheckInfo]] = MappingProxyType({check.name: check for check in _ALL})
