"""Health: enrolment, vaccinations of the national programme, basic public health services, maternity services."""

from datetime import date, timedelta
from typing import Final

from hub.city.draw import Draw
from hub.city.material import text
from hub.city.model import Dose, Enrolment, Life, Member, Place, Service, age_on

__all__ = ["SCHEDULE", "HealthLife", "institution"]

SCHEDULE: Final = [
    (vaccine, int(dose), int(months))
    for vaccine, dose, months in (entry.split() for entry in text("immunisation", "schedule").split(","))
]
"""Vaccine, dose and age in months when due: 22 doses, the last at six years."""

_ADULT_ITEMS: Final = ("JKTJ", "JKJY", "JKJY", "MBGL")
_ELDER_ITEMS: Final = ("JKTJ", "JKTJ", "MBGL", "MBGL", "JKJY", "ZYY")


def institution(number: int) -> str:
    """The name of a made-up health institution; the first twelve are hospitals."""
    return f"苏州示例第{number + 1}医院" if number < 12 else f"苏州示例第{number - 11}社区卫生服务中心"


class HealthLife:
    """Adds health to lives."""

    def __init__(self, draw: Draw, as_of: date) -> None:
        self._draw = draw
        self._as_of = as_of

    def add(self, life: Life, mother_of: list[Member]) -> None:
        """Everything health holds about the person; `mother_of`: her children of this household."""
        centre = institution(12 + self._draw.below(80))
        self._add_enrolments(life, centre)
        if life.member.place is Place.CHILD:
            self._add_doses(life, centre)
        self._add_services(life, centre)
        for child in mother_of:
            self._add_maternity(life, child)

    def _add_enrolments(self, life: Life, centre: str) -> None:
        draw, arrived = self._draw, life.member.arrived
        since = draw.day(arrived, min(arrived + timedelta(days=700), self._as_of))
        if draw.chance(0.12):
            earlier = draw.day(arrived, since)
            life.enrolments.append(Enrolment(institution(12 + draw.below(80)), earlier, active=False))
        life.enrolments.append(Enrolment(centre, since, active=not draw.chance(0.05)))

    def _add_doses(self, life: Life, centre: str) -> None:
        draw, birth = self._draw, life.member.identity.birth
        if age_on(birth, self._as_of) > 13:
            return
        missed = 0.0 if draw.chance(0.86) else 0.06 if draw.chance(0.7) else 0.4
        before = "外地示例接种门诊"
        for vaccine, number, months in SCHEDULE:
            due = birth + timedelta(days=int(months * 30.44))
            given = draw.after(due, 1 if months == 0 else 45)
            if given > self._as_of:
                break
            if draw.chance(missed):
                continue
            life.doses.append(Dose(vaccine, number, given, centre if given >= life.member.arrived else before))
        life.doses.sort(key=lambda dose: dose.given)
        if draw.chance(0.01) and birth < self._as_of - timedelta(days=1200):
            life.doses.append(Dose("COVID", 1, self._as_of - timedelta(days=100), centre))

    def _add_services(self, life: Life, centre: str) -> None:
        draw, place = self._draw, life.member.place
        begin = life.enrolments[-1].since
        items = ["JKDA"] if draw.chance(0.8) else []
        if place is Place.CHILD:
            items += ["ETBJ"] * draw.below(4)
        else:
            source = _ELDER_ITEMS if place is Place.ELDER else _ADULT_ITEMS
            items += [draw.pick(source) for _ in range(draw.below(4))]
        if draw.chance(0.004):
            items.append("JHB")
        for position, item in enumerate(items):
            day = begin if position == 0 else draw.day(begin, self._as_of)
            free = item != "JKTJ" or draw.chance(0.6)
            life.services.append(Service(item, day, centre, free))
        life.services.sort(key=lambda service: service.provided)

    def _add_maternity(self, life: Life, child: Member) -> None:
        draw, birth = self._draw, child.identity.birth
        if birth < max(life.member.arrived, self._as_of - timedelta(days=2200)) or not draw.chance(0.8):
            return
        hospital = institution(draw.below(12))
        for days in (-190, -120, -45)[draw.below(3) :]:
            life.maternity.append(Service("PRE", birth + timedelta(days=days), hospital, free=True))
        life.maternity.append(Service("DEL", birth, hospital, free=False))
        after = birth + timedelta(days=draw.between(5, 40))
        if after <= self._as_of:
            life.maternity.append(Service("POST", after, hospital, free=True))
