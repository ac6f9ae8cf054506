"""Registrations of residence and residence permits (Decree 663, Articles 2, 9 and 10)."""

from datetime import date, timedelta
from typing import Final

from hub.city import names
from hub.city.draw import Draw, Weighted
from hub.city.model import Household, Member, Permit, Place, Registration, Stay, age_on, years_after
from hub.city.numbers import Permutation

__all__ = ["HALF_YEAR", "current_registration", "permits_of", "registrations_of"]

HALF_YEAR: Final = timedelta(days=183)
_REASONS: Final = {
    Place.ADULT: Weighted([("WORK", 70), ("BUSINESS", 12), ("STUDY", 5), ("FAMILY", 8), ("MEDICAL", 1), ("OTHER", 4)]),
    Place.CHILD: Weighted([("FAMILY", 62), ("STUDY", 33), ("MEDICAL", 1), ("OTHER", 4)]),
    Place.ELDER: Weighted([("FAMILY", 80), ("MEDICAL", 8), ("WORK", 6), ("OTHER", 6)]),
}


def registrations_of(draw: Draw, household: Household, member: Member, as_of: date) -> list[Registration]:
    """The member's registrations, oldest first: one for each dwelling since arrival.

    All but the last are cancelled, save a few that nobody cancelled; the last too when the household has left.
    """
    found: list[Registration] = []
    reason = _REASONS[member.place].pick(draw)
    stays = [stay for stay in household.stays if household.left is None or stay.since < household.left]
    for position, stay in enumerate(stays):
        following = stays[position + 1].since if position + 1 < len(stays) else None
        if following is not None and following <= member.arrived:
            continue
        found.append(_registration(draw, member, stay, (following, household.left, as_of), reason))
    return found


def _registration(
    draw: Draw, member: Member, stay: Stay, until: tuple[date | None, date | None, date], reason: str
) -> Registration:
    following, left, as_of = until
    last = min(day for day in (following, left, as_of) if day is not None)
    registered = min(max(stay.since, member.arrived) + timedelta(days=int(40 * draw.unit() ** 3)), last)
    end = following or left
    cancelled = end if end is not None and (following is None or draw.chance(0.97)) else None
    landlord = names.family_name(draw) + names.given_name(draw, "M") if stay.dwelling == "RENTED" else ""
    return Registration(
        stay=stay,
        registered=registered,
        until=draw.after(registered, 1100, 180) if draw.chance(0.7) else None,
        cancelled=cancelled,
        reason=None if draw.chance(0.08) else reason,
        landlord=landlord,
    )


def current_registration(registrations: list[Registration]) -> Registration | None:
    """The latest one that nobody cancelled, if the person still lives in the city."""
    return registrations[-1] if registrations and registrations[-1].cancelled is None else None


def permits_of(
    draw: Draw, member: Member, registrations: list[Registration], as_of: date, serials: Permutation
) -> list[Permit]:
    """The member's residence permits, oldest first; most have none."""
    if not registrations:
        return []
    earliest = registrations[0].registered + HALF_YEAR
    share = 0.75 if age_on(member.identity.birth, as_of) >= 16 else 0.15
    if earliest > as_of or not draw.chance(share):
        return []
    issued = draw.day(max(earliest, as_of - timedelta(days=2400)), as_of)
    serial = serials.of(2 * member.index)
    current = _permit(draw, registrations[-1], issued, as_of, serial)
    if draw.chance(0.04) and issued - earliest > timedelta(days=500):
        first = draw.day(earliest, issued - timedelta(days=400))
        lapse = years_after(first, 1)
        number = _number(registrations[0], first, serials.of(2 * member.index + 1))
        return [Permit(number, first, lapse, None, "CANCELLED"), current]
    return [current]


def _number(registration: Registration, issued: date, serial: int) -> str:
    return f"{registration.stay.division[:6]}{issued.year}{serial:08d}"


def _permit(draw: Draw, registration: Registration, issued: date, as_of: date, serial: int) -> Permit:
    years = max(0, age_on(issued, as_of))
    late = years > 0 and draw.chance(0.08)
    endorsed_years = years - 1 if late else years
    endorsed = years_after(issued, endorsed_years) if endorsed_years else None
    valid_until = years_after(endorsed or issued, 1)
    status = "VALID"
    if registration.cancelled is not None:
        status = "CANCELLED"
    elif late:
        status = "SUSPENDED"
    elif draw.chance(0.015):
        status = "CANCELLED"
    return Permit(_number(registration, issued, serial), issued, valid_until, endorsed, status)
