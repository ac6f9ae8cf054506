"""Households: who lives together, who is married to whom, who looks after which child, and since when."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from hub.city import names, places
from hub.city.draw import Draw, Weighted
from hub.city.identities import Background, IdentityMaker
from hub.city.model import Household, Identity, Member, Place, Stay, Union, age_on, years_after
from schema import divisions

__all__ = ["HouseholdMaker"]

_KINDS: Final = Weighted(
    [
        ("single", 0.38),
        ("couple", 0.16),
        ("family", 0.34),
        ("lone parent", 0.03),
        ("three generations", 0.06),
        ("grandparents", 0.03),
    ]
)
_LARGEST: Final = 7
_AGES: Final = Weighted([(17, 2), (20, 12), (25, 17), (30, 16), (35, 13), (40, 11), (45, 10), (50, 9), (55, 6)])
_LEGAL_AGE: Final = {"M": 22, "F": 20}
_DWELLINGS: Final = Weighted(
    [("RENTED", 60), ("OWNED", 12), ("DORMITORY", 17), ("CONSTRUCTION_SITE", 4), ("WITH_RELATIVES", 5), ("OTHER", 2)]
)


@dataclass(frozen=True, slots=True)
class _Couple:
    head: Member
    spouse: Member
    married: date | None


class HouseholdMaker:
    """Makes the households of one chunk, one after another; `index` numbers persons through the city."""

    def __init__(self, draw: Draw, identities: IdentityMaker, as_of: date) -> None:
        self._draw = draw
        self._identities = identities
        self._as_of = as_of

    def make(self, index: int, room: int) -> Household:
        """A household of at most `room` persons whose first person is `index`."""
        draw = self._draw
        kind = _KINDS.pick(draw) if room >= _LARGEST else "single"
        arrived = self._arrival()
        if kind == "single":
            members: tuple[Member, ...] = (self._single(index, arrived),)
        elif kind == "lone parent":
            members = self._lone_parent(index, arrived)
        elif kind == "grandparents":
            members = self._grandparents(index, arrived)
        else:
            members = self._family(index, arrived, kind)
        since = min(member.arrived for member in members)
        return Household(members, self._stays(since, kind), self._leaving(since))

    def _arrival(self) -> date:
        draw = self._draw
        days = 4 + draw.below(178) if draw.chance(0.1) else 183 + int(20 * 365 * draw.unit() ** 2.2)
        return self._as_of - timedelta(days=days)

    def _leaving(self, since: date) -> date | None:
        draw = self._draw
        if not draw.chance(0.04):
            return None
        return draw.day(max(since, self._as_of - timedelta(days=900)), self._as_of - timedelta(days=1))

    def _birth(self, youngest: int, oldest: int) -> date:
        last = years_after(self._as_of, -youngest)
        return self._draw.day(years_after(self._as_of, -oldest - 1) + timedelta(days=1), last)

    def _adult(self, index: int, sex: str, birth: date, background: Background, arrived: date) -> Member:
        surname = names.family_name(self._draw)
        identity = self._identities.person(index, sex, birth, background, surname)
        earliest = years_after(birth, 16)
        return Member(index, Place.ADULT, identity, min(max(arrived, earliest), self._as_of - timedelta(days=3)))

    def _single(self, index: int, arrived: date) -> Member:
        draw = self._draw
        low = _AGES.pick(draw)
        sex = "M" if draw.chance(0.57) else "F"
        member = self._adult(index, sex, self._birth(low, low + 4), self._identities.background(), arrived)
        age = age_on(member.identity.birth, self._as_of)
        if age < 24 or draw.chance(0.55 if age < 35 else 0.12):
            return member
        return replace(member, union=self._distant_union(member))

    def _distant_union(self, member: Member) -> Union | None:
        """A marriage to somebody who is not of the city."""
        draw, identity = self._draw, member.identity
        since = self._wedding(identity, identity)
        if since is None:
            return None
        other = names.family_name(draw) + names.given_name(draw, "F" if identity.sex == "M" else "M")
        authority = self._authority(identity)
        fate = draw.unit()
        ended = draw.day(since + timedelta(days=200), self._as_of) if fate < 0.16 else None
        state = "DIVORCED" if fate < 0.13 else "WIDOWED" if fate < 0.16 else "MARRIED"
        return Union(state, since, ended, None, other, authority)

    def _wedding(self, one: Identity, other: Identity) -> date | None:
        legal = max(years_after(person.birth, _LEGAL_AGE[person.sex]) for person in (one, other))
        last = self._as_of - timedelta(days=10)
        return None if legal > last else min(self._draw.after(legal, 2900, 20), last)

    def _authority(self, identity: Identity) -> str:
        county = identity.hukou_county or places.CITY + "08"
        return f"{divisions.name_of(county[:4]) or ''}{divisions.name_of(county)}示例婚姻登记处"

    def _couple(self, index: int, arrived: date, ages: tuple[int, int]) -> _Couple:
        draw, identities = self._draw, self._identities
        background = identities.background()
        birth = self._birth(*ages)
        head = self._adult(index, "M", birth, background, arrived)
        other = background
        if background.county and draw.chance(0.4):
            other = identities.background()
        late = arrived + timedelta(days=draw.below(700) if draw.chance(0.4) else 0)
        theirs = draw.day(birth - timedelta(days=900), min(birth + timedelta(days=1600), years_after(self._as_of, -18)))
        spouse = self._adult(index + 1, "F", theirs, other, late)
        married = self._wedding(head.identity, spouse.identity)
        if married is None or draw.chance(0.06):
            return _Couple(head, spouse, None)
        authority, second = self._authority(head.identity), draw.chance(0.07)
        unions = [
            Union("MARRIED", married, None, partner.index, partner.identity.name, authority, second)
            for partner in (spouse, head)
        ]
        return _Couple(replace(head, union=unions[0]), replace(spouse, union=unions[1]), married)

    def _family(self, index: int, arrived: date, kind: str) -> tuple[Member, ...]:
        draw = self._draw
        couple = self._couple(index, arrived, (22, 58) if kind == "couple" else (26, 48))
        members = [couple.head, couple.spouse]
        if kind == "couple":
            return tuple(members)
        wanted = 1 + draw.chance(0.36) + draw.chance(0.04)
        members += self._children(index + 2, couple, wanted)
        if kind == "three generations":
            members += self._elders(index + len(members), couple.head)
        return tuple(members)

    def _children(self, index: int, couple: _Couple, wanted: int) -> list[Member]:
        mother = couple.spouse.identity
        first = max(years_after(self._as_of, -18) + timedelta(days=1), years_after(mother.birth, 20))
        if couple.married is not None:
            first = max(first, couple.married + timedelta(days=260))
        last = min(years_after(mother.birth, 43), self._as_of - timedelta(days=2))
        births: list[date] = []
        for _ in range(wanted):
            if first > last:
                break
            births.append(self._draw.day(first, last))
            first = births[-1] if self._draw.chance(0.02) else births[-1] + timedelta(days=400)
        guardians = (couple.head, couple.spouse)
        return [self._child(index + place, birth, guardians) for place, birth in enumerate(births)]

    def _child(self, index: int, birth: date, guardians: tuple[Member, ...]) -> Member:
        draw, head = self._draw, guardians[0].identity
        origin = guardians[-1].identity if draw.chance(0.1) else head
        background = Background(origin.hukou_county or "", origin.ethnicity or "", origin.paper)
        surname = head.name[:2] if head.name[:2] in names.COMPOUND else head.name[0]
        sex = "M" if draw.chance(0.525) else "F"
        identity = self._identities.person(index, sex, birth, background, surname)
        start = max(birth + timedelta(days=draw.between(15, 90)), guardians[0].arrived)
        later = start + timedelta(days=draw.below(1000) if draw.chance(0.3) else 0)
        arrived = max(birth, min(later, self._as_of - timedelta(days=1)))
        return Member(index, Place.CHILD, identity, arrived, None, tuple(member.index for member in guardians))

    def _lone_parent(self, index: int, arrived: date) -> tuple[Member, ...]:
        draw = self._draw
        sex = "F" if draw.chance(0.75) else "M"
        parent = self._adult(index, sex, self._birth(26, 46), self._identities.background(), arrived)
        parent = replace(parent, union=self._distant_union(parent))
        oldest = max(years_after(parent.identity.birth, 21), years_after(self._as_of, -18) + timedelta(days=1))
        birth = draw.day(oldest, self._as_of - timedelta(days=200))
        return parent, self._child(index + 1, birth, (parent,))

    def _grandparents(self, index: int, arrived: date) -> tuple[Member, ...]:
        couple = self._couple(index, arrived, (50, 68))
        elders = [replace(member, place=Place.ELDER) for member in (couple.head, couple.spouse)]
        kept = tuple(elders[:1] if couple.married is None else elders)
        return *kept, self._child(index + len(kept), self._birth(2, 15), kept)

    def _elders(self, index: int, head: Member) -> list[Member]:
        draw = self._draw
        background = Background(head.identity.hukou_county or "", head.identity.ethnicity or "", head.identity.paper)
        elders: list[Member] = []
        for sex in ("F", "M")[: 1 + draw.chance(0.5)]:
            birth = draw.day(years_after(head.identity.birth, -31), years_after(head.identity.birth, -21))
            person = self._adult(index + len(elders), sex, birth, background, head.arrived)
            elders.append(replace(person, place=Place.ELDER))
        return elders

    def _stays(self, since: date, kind: str) -> tuple[Stay, ...]:
        draw = self._draw
        stays: list[Stay] = []
        while not stays or (since < self._as_of - timedelta(days=60) and len(stays) < 6):
            township = places.home_township(draw)
            dwelling = _DWELLINGS.pick(draw) if kind == "single" else "RENTED" if draw.chance(0.7) else "OWNED"
            address = places.dwelling_address(draw, township)
            stays.append(Stay(places.neighbourhood(draw, township), address, dwelling, since))
            since += timedelta(days=int(200 + 2600 * draw.unit()))
        return tuple(stays)
