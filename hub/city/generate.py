"""The generator: a plan in, chunks out, in bounded memory.

A chunk of 2 000 persons depends on the plan and its own number alone, so that the same plan gives the same
bytes on every machine, and a larger city begins with the same chunks as a smaller one.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from hub.city.care import HealthLife
from hub.city.draw import Draw
from hub.city.families import HouseholdMaker
from hub.city.identities import IdentityMaker
from hub.city.keys import KeyMaker
from hub.city.model import CHUNK, DEPARTMENTS, CityPlan, Household, Life, Place
from hub.city.numbers import Permutation
from hub.city.registers.business import write_business
from hub.city.registers.civil_affairs import write_civil_affairs
from hub.city.registers.health import write_health
from hub.city.registers.human_resources import write_human_resources
from hub.city.registers.police import write_police
from hub.city.registers.register import Chunk, Register
from hub.city.residences import permits_of, registrations_of
from hub.city.truth import truth_line
from hub.city.unions import assistances_of, guardianships_of, marriages_of
from hub.city.work import WorkLife

__all__ = ["AS_OF", "LARGEST", "SMALLEST", "generate"]

AS_OF: Final = date(2026, 11, 1)
"""The day the city is seen on, unless another is asked for."""
SMALLEST: Final = 1
LARGEST: Final = 500 * CHUNK

_KNOWN_TO_HEALTH: Final = {Place.ADULT: 0.6, Place.CHILD: 0.95, Place.ELDER: 0.8}


def generate(people: int, seed: int, as_of: date = AS_OF) -> Iterator[Chunk]:
    """The chunks of a city of `people` persons, one at a time.

    Raises ValueError when `people` is not between 1 and 1 000 000.
    """
    if not SMALLEST <= people <= LARGEST:
        raise ValueError(f"people must be between {SMALLEST} and {LARGEST}")
    plan = CityPlan(people, seed, as_of)
    return (_ChunkMaker(plan, number).make() for number in range(plan.chunks))


class _ChunkMaker:
    def __init__(self, plan: CityPlan, number: int) -> None:
        self._plan = plan
        self._draw = draw = Draw(f"{plan.seed}:{number}")
        self._chunk = Chunk(number)
        self._households = HouseholdMaker(draw, IdentityMaker(plan, number, draw), plan.as_of)
        self._work = WorkLife(draw, plan.seed, plan.as_of)
        self._health = HealthLife(draw, plan.as_of)
        self._permits = Permutation.named(f"{plan.seed}:permits", 10**8)
        keys = KeyMaker(plan.seed)
        self._registers = {name: Register(name, draw, keys, plan.as_of, self._chunk) for name in DEPARTMENTS}

    def make(self) -> Chunk:
        first = self._chunk.number * CHUNK
        size = self._plan.size_of(self._chunk.number)
        made = 0
        while made < size:
            household = self._households.make(first + made, size - made)
            self._record(self._live(household))
            made += len(household.members)
        return self._chunk

    def _live(self, household: Household) -> dict[int, Life]:
        """What the members of a household have done since they came."""
        draw, as_of = self._draw, self._plan.as_of
        lives = {member.index: Life(member) for member in household.members}
        for life in lives.values():
            member = life.member
            life.registrations = registrations_of(draw, household, member, as_of)
            life.permits = permits_of(draw, member, life.registrations, as_of, self._permits)
            life.marriages = marriages_of(member)
            life.guardianships = guardianships_of(draw, household, member, as_of)
            life.assistances = assistances_of(draw, member, as_of)
            self._work.add_employments(life)
            spouse = member.union.spouse if member.union else None
            self._work.add_licences(life, lives.get(spouse) if spouse is not None else None)
            woman = member.identity.sex == "F" and member.place is Place.ADULT
            own = [other for other in household.members if woman and member.index in other.guardians]
            self._health.add(life, own)
        for life in lives.values():
            life.known = self._known(life)
        return lives

    def _known(self, life: Life) -> frozenset[str]:
        """The departments that know a person; at least one."""
        draw, member = self._draw, life.member
        family = bool(life.marriages or life.guardianships or life.assistances)
        shares = {
            "police": 0.97,
            "civil-affairs": 0.97 if family else 0.93 if member.guardians else 0.25,
            "human-resources": 0.94 if life.employments else 0.0,
            "health": _KNOWN_TO_HEALTH[member.place],
            "business": 1.0 if life.licences else 0.0,
        }
        known = frozenset(name for name in DEPARTMENTS if draw.chance(shares[name]))
        return known or frozenset({"police"})

    def _record(self, lives: dict[int, Life]) -> None:
        """The departments' versions of a household, and the truth."""
        registers, chunk = self._registers, self._chunk
        for life in lives.values():
            if "police" in life.known:
                write_police(registers["police"], life)
            if "civil-affairs" in life.known:
                write_civil_affairs(registers["civil-affairs"], life, lives)
            if "human-resources" in life.known:
                write_human_resources(registers["human-resources"], life)
            if "health" in life.known:
                write_health(registers["health"], life)
            if "business" in life.known:
                write_business(registers["business"], life)
            if len(life.known) == 1:
                chunk.dirt["known_to_one_department"] += 1
            chunk.truth.append(truth_line(life, registers, lives))
