"""What civil affairs register: marriages, guardianships, social assistance."""

from datetime import date, timedelta

from hub.city.draw import Draw, Weighted
from hub.city.model import Assistance, Guardianship, Household, MarriageEvent, Member, Place, age_on

__all__ = ["assistances_of", "guardianships_of", "marital_status", "marriages_of"]

_PROGRAMMES = Weighted(
    [("SUBSISTENCE", 30), ("TEMPORARY", 25), ("HOUSING", 12), ("EDUCATION", 13), ("ILLNESS", 14), ("DISABILITY", 6)]
)
_RELATIONS = {
    (Place.ADULT, "M"): "父亲",
    (Place.ADULT, "F"): "母亲",
    (Place.ELDER, "M"): "祖父",
    (Place.ELDER, "F"): "祖母",
}


def marriages_of(member: Member) -> list[MarriageEvent]:
    """Entries of the marriage register, oldest first."""
    union = member.union
    if union is None:
        return []
    married = MarriageEvent("MARRIED", union.since, union.authority, union.spouse, union.spouse_name)
    if union.state != "DIVORCED" or union.ended is None:
        return [married]
    return [married, MarriageEvent("DIVORCED", union.ended, union.authority, union.spouse, union.spouse_name)]


def marital_status(draw: Draw, member: Member) -> str:
    """Marital status as the register would have it today (GB/T 2261.2)."""
    union = member.union
    if union is None:
        return "UNMARRIED"
    if union.state != "MARRIED":
        return union.state
    if union.second:
        return "REMARRIED" if draw.chance(0.85) else "REUNITED"
    return "FIRST_MARRIAGE" if draw.chance(0.7) else "MARRIED"


def guardianships_of(draw: Draw, household: Household, guardian: Member, as_of: date) -> list[Guardianship]:
    """The children of the household this member looks after; a few no longer."""
    relation = _RELATIONS.get((guardian.place, guardian.identity.sex), "父亲")
    return [
        Guardianship(
            child.index,
            relation,
            child.identity.birth,
            draw.day(child.identity.birth, as_of) if draw.chance(0.006) else None,
        )
        for child in household.members
        if guardian.index in child.guardians
    ]


def assistances_of(draw: Draw, member: Member, as_of: date) -> list[Assistance]:
    """Social assistance, oldest first; about three in a hundred have some."""
    share = {Place.ADULT: 0.02, Place.CHILD: 0.03, Place.ELDER: 0.08}[member.place]
    found: list[Assistance] = []
    while draw.chance(share) and len(found) < 3:
        since = draw.day(max(member.arrived, as_of - timedelta(days=1800)), as_of)
        until = draw.day(since, as_of) if draw.chance(0.4) else None
        programme = "SUBSISTENCE" if age_on(member.identity.birth, as_of) > 70 else _PROGRAMMES.pick(draw)
        found.append(Assistance(programme, since, until, f"{draw.between(12, 160) * 10}.00"))
        share = 0.35
    return sorted(found, key=lambda grant: grant.since)
