"""Jobs, social insurance and business licences."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from hub.city import places
from hub.city.draw import Draw, Weighted
from hub.city.material import words
from hub.city.model import Employer, Employment, Insurance, Licence, Life, Place, age_on, years_after
from hub.city.numbers import Permutation, credit_code

__all__ = ["WorkLife"]

_EMPLOYERS: Final = 20_000
_TRADED: Final = ("MANUFACTURING", "SERVICE", "PROFESSIONAL", "AGRICULTURE", "CLERK")
_WORDS: Final = words("firms", "words")
_SHOPS: Final = words("firms", "shops")
_TRADES: Final = [(trade, occupation) for occupation in _TRADED for trade in words("trades", occupation)]
_OCCUPATIONS: Final = Weighted([("MANAGER", 3), ("PROFESSIONAL", 10), ("CLERK", 8), ("SERVICE", 30), ("OTHER", 4)])
_CONTRACTS: Final = Weighted(
    [("FIXED_TERM", 66), ("OPEN_ENDED", 12), ("TASK", 6), ("PART_TIME", 5), ("DISPATCH", 10.7), ("INTERN", 0.3)]
)
_INSURED: Final = {
    "FIXED_TERM": 0.93,
    "OPEN_ENDED": 0.97,
    "TASK": 0.6,
    "PART_TIME": 0.15,
    "DISPATCH": 0.85,
    "INTERN": 0.1,
}
_INSURANCES: Final = ("PENSION", "UNEMPLOYMENT", "MEDICAL", "INJURY", "MATERNITY")
_LICENCE_STATES: Final = Weighted([("ACTIVE", 80), ("SUSPENDED", 3), ("CANCELLED", 14), ("REVOKED", 3)])

_AREAS: Final = ("320505", "320506", "320507", "320508", "320509", "320581", "320582", "320583", "320585")
_ENTITIES: Final = (
    ("SOLE_TRADER", "OPERATOR", "92"),
    ("COMPANY", "LEGAL_REPRESENTATIVE", "91"),
    ("COMPANY", "LEGAL_REPRESENTATIVE", "91"),
    ("COMPANY", "INVESTOR", "91"),
    ("PARTNERSHIP", "PARTNER", "91"),
    ("COOPERATIVE", "LEGAL_REPRESENTATIVE", "93"),
)


@lru_cache(maxsize=_EMPLOYERS)
def _employer(seed: int, number: int) -> Employer:
    draw = Draw(f"{seed}:employer:{number}")
    trade, _ = _TRADES[number % len(_TRADES)]
    name = f"苏州演示{draw.pick(_WORDS)}{draw.pick(_WORDS)}{trade}有限公司"
    serial = Permutation.named(f"{seed}:employers", 31**8).of(number)
    return Employer(name, credit_code("91", draw.pick(_AREAS), serial))


class WorkLife:
    """Adds work to lives."""

    def __init__(self, draw: Draw, seed: int, as_of: date) -> None:
        self._draw = draw
        self._seed = seed
        self._as_of = as_of
        self._entities = Permutation.named(f"{seed}:entities", 31**8)

    def add_employments(self, life: Life) -> None:
        """Jobs one after another, and the insurances that come with them."""
        draw, member = self._draw, life.member
        adult = years_after(member.identity.birth, 16)
        begin = max(adult, member.arrived - timedelta(days=draw.below(30)))
        age = age_on(member.identity.birth, self._as_of)
        if member.place is Place.CHILD or age > 62 or begin >= self._as_of or not draw.chance(0.84):
            return
        start = min(begin + timedelta(days=draw.below(90)), self._as_of - timedelta(days=1))
        while True:
            job = self._job(start)
            life.employments.append(job)
            if job.ended is None:
                break
            start = job.ended + timedelta(days=1 + draw.below(120))
            if start >= self._as_of or len(life.employments) >= 6 or draw.chance(0.06):
                break
        if life.employments[-1].ended is None and draw.chance(0.012):
            life.employments.append(self._second_job(life.employments[-1].started))
        self._add_insurances(life)

    def _job(self, start: date) -> Employment:
        draw = self._draw
        number = int(_EMPLOYERS * draw.unit() ** 3)
        trade = _TRADES[number % len(_TRADES)][1]
        lasts = 60 + int(3400 * draw.unit() ** 1.6)
        end = start + timedelta(days=lasts)
        return Employment(
            employer=_employer(self._seed, number),
            occupation=trade if draw.chance(0.72) else _OCCUPATIONS.pick(draw),
            contract=_CONTRACTS.pick(draw),
            started=start,
            ended=end if end < self._as_of else None,
        )

    def _second_job(self, since: date) -> Employment:
        job = self._job(self._draw.day(since, self._as_of))
        return Employment(job.employer, job.occupation, "PART_TIME", job.started, None)

    def _add_insurances(self, life: Life) -> None:
        draw = self._draw
        insured = [job for job in life.employments if draw.chance(_INSURED[job.contract])]
        if not insured:
            return
        months = sum(self._months(job.started, job.ended or self._as_of) for job in insured)
        paying = any(job.ended is None for job in insured)
        last = self._as_of if paying else insured[-1].ended or self._as_of
        last_month = (last.replace(day=1) - timedelta(days=1)).replace(day=1)
        base = 4500 + int(20000 * draw.unit() ** 2.5) + draw.below(100) / 100
        idle = "SUSPENDED" if draw.chance(0.75) else "ENDED"
        for kind in _INSURANCES:
            paid = max(0, months - draw.below(4) * (kind != "PENSION"))
            life.insurances.append(Insurance(kind, "PAYING" if paying else idle, paid, last_month, base))

    @staticmethod
    def _months(first: date, last: date) -> int:
        return max(0, (last.year - first.year) * 12 + last.month - first.month)

    def add_licences(self, life: Life, partner: Life | None) -> None:
        """Market entities; a company's or partnership's other holder may be the spouse."""
        draw, member = self._draw, life.member
        begin = max(years_after(member.identity.birth, 18), member.arrived)
        if member.place is not Place.ADULT or begin >= self._as_of or not draw.chance(0.085):
            return
        for place in range(1 + draw.chance(0.12)):
            licence = self._licence(2 * member.index + place, begin)
            life.licences.append(licence)
            if partner is not None and licence.kind in ("COMPANY", "PARTNERSHIP") and draw.chance(0.4):
                role = "INVESTOR" if licence.kind == "COMPANY" else "PARTNER"
                partner.licences.append(self._held_by(licence, role))

    @staticmethod
    def _held_by(licence: Licence, role: str) -> Licence:
        return Licence(
            licence.uscc, licence.name, licence.kind, licence.status, licence.registered, role, licence.premises
        )

    def _licence(self, number: int, begin: date) -> Licence:
        draw = self._draw
        township = places.home_township(draw)
        area = township[:6] if township[:6] in _AREAS else "320508"
        kind, role, prefix = draw.pick(_ENTITIES) if draw.chance(0.35) else _ENTITIES[0]
        word = draw.pick(_WORDS)
        if kind == "SOLE_TRADER":
            name = f"苏州演示{word}{draw.pick(_SHOPS)}"
        elif kind == "COOPERATIVE":
            name = f"苏州演示{word}种植专业合作社"
        else:
            end = "有限公司" if kind == "COMPANY" else "（有限合伙）"
            name = f"苏州演示{word}{draw.pick(_WORDS)}{draw.pick(_TRADES)[0]}{end}"
        uscc = credit_code(prefix, area, self._entities.of(number))
        status = _LICENCE_STATES.pick(draw)
        return Licence(uscc, name, kind, status, draw.day(begin, self._as_of), role, township)
