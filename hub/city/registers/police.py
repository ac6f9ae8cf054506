"""Police: PostgreSQL, GA-style short names, numeric codes, ISO dates."""

from typing import Final

from hub.city.model import Life, Paper
from hub.city.registers.register import Register
from hub.city.residences import current_registration

__all__ = ["write_police"]

_PAPERS: Final = {
    Paper.RESIDENT_ID: "111",
    Paper.HMT_RESIDENCE_PERMIT: "554",
    Paper.FOREIGN_PERMANENT_RESIDENT: "553",
    Paper.PASSPORT: "414",
    Paper.HK_MACAO_PERMIT: "516",
    Paper.TAIWAN_PERMIT: "511",
}
_HUKOU: Final = {"FAMILY": "01", "COLLECTIVE": "02", "AGRICULTURAL": "11", "NON_AGRICULTURAL": "12"}
_DWELLINGS: Final = {
    "RENTED": "1",
    "OWNED": "2",
    "DORMITORY": "3",
    "CONSTRUCTION_SITE": "4",
    "WITH_RELATIVES": "5",
    "OTHER": "9",
}
_REASONS: Final = {"WORK": "10", "BUSINESS": "20", "STUDY": "30", "FAMILY": "40", "MEDICAL": "50", "OTHER": "90"}
_STATES: Final = {"VALID": "1", "SUSPENDED": "2", "CANCELLED": "3"}


def write_police(register: Register, life: Life) -> None:
    """A person's rows in the register of residents from elsewhere."""
    _write_person(register, life)
    _write_registrations(register, life)
    for permit in life.permits:
        state = register.unmapped(life, _STATES[permit.status], "W", 0.001)
        endorsed = permit.endorsed.isoformat() if permit.endorsed else None
        dates = (permit.issued.isoformat(), permit.valid_until.isoformat(), endorsed)
        register.write("residence_permits", (permit.number, register.key(life.member.index), *dates, state))


def _write_person(register: Register, life: Life) -> None:
    draw, who = register.draw, life.member.identity
    version = register.identity(life)
    sex = {"M": "1", "F": "2"}[who.sex]
    if draw.chance(0.004):
        register.mark(life, "sex_unstated")
        sex = draw.pick("09")
    ethnicity = register.unmapped(life, who.ethnicity, "97", 0.001) if who.ethnicity else None
    cells = (
        register.key(life.member.index),
        version.name,
        sex,
        version.birth.isoformat(),
        _PAPERS[who.paper],
        version.number,
        who.hukou_county,
        who.hukou_division,
        _HUKOU[who.hukou_kind] if who.hukou_kind else None,
        *_residence(register, life),
        ethnicity,
        register.telephone(),
        f"{register.updated(life)} {8 + draw.below(10):02d}:{draw.below(60):02d}:00+08",
    )
    register.write("persons", cells)


def _residence(register: Register, life: Life) -> tuple[str | None, ...]:
    current = current_registration(life.registrations)
    if current is None:
        return None, None, None, None
    shown = current
    if len(life.registrations) > 1 and register.draw.chance(0.03):
        register.mark(life, "old_address")
        shown = life.registrations[-2]
    division = shown.stay.division
    return division[:6], division, shown.stay.address, life.registrations[0].registered.isoformat()


def _write_registrations(register: Register, life: Life) -> None:
    person = life.member.index
    for position, entry in enumerate(life.registrations):
        if entry.cancelled is None and position + 1 < len(life.registrations):
            register.mark(life, "not_cancelled")
        reason = register.unmapped(life, _REASONS[entry.reason], "77", 0.002) if entry.reason else None
        cells = (
            register.row_number(person, position),
            register.key(person),
            entry.stay.division,
            entry.stay.address,
            register.unmapped(life, _DWELLINGS[entry.stay.dwelling], "7", 0.002),
            entry.registered.isoformat(),
            entry.until.isoformat() if entry.until else None,
            entry.cancelled.isoformat() if entry.cancelled else None,
            reason,
            entry.landlord or None,
            register.telephone() if entry.landlord else None,
        )
        register.write("residence_registrations", cells)
