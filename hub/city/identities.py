"""Who the people are: documents, household registration, names.

Numbers are unique without a memory of all people: within a chunk no two persons share area, birth date and sex,
and the order digits of the same area and date differ from chunk to chunk.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from zlib import crc32

from hub.city import names, places
from hub.city.draw import Draw, Weighted
from hub.city.model import CityPlan, Identity, Paper, age_on
from hub.city.numbers import Permutation, foreign_permanent_number, resident_number

__all__ = ["Background", "IdentityMaker"]

_FOREIGN_PAPERS: Final = Weighted(
    [
        (Paper.PASSPORT, 0.42),
        (Paper.HK_MACAO_PERMIT, 0.16),
        (Paper.TAIWAN_PERMIT, 0.2),
        (Paper.HMT_RESIDENCE_PERMIT, 0.16),
        (Paper.FOREIGN_PERMANENT_RESIDENT, 0.06),
    ]
)
_HMT_AREAS: Final = ("810000", "820000", "830000")
_COUNTRIES: Final = ("124", "276", "392", "410", "554", "702")


@dataclass(frozen=True, slots=True)
class Background:
    """Where a family comes from; `paper` other than RESIDENT_ID means from outside the mainland."""

    county: str
    ethnicity: str
    paper: Paper = Paper.RESIDENT_ID


class IdentityMaker:
    """Makes the identities of one chunk."""

    def __init__(self, plan: CityPlan, chunk: int, draw: Draw) -> None:
        self._plan = plan
        self._chunk = chunk
        self._draw = draw
        self._taken: set[tuple[str, date, str]] = set()
        self._papers = Permutation.named(f"{plan.seed}:papers", 10_000_000)

    def background(self) -> Background:
        """A family's origin; about one in a hundred comes from outside the mainland."""
        draw = self._draw
        if draw.chance(0.009):
            return Background("", "", _FOREIGN_PAPERS.pick(draw))
        county = places.origin_county(draw)
        return Background(county, self._ethnicity(county))

    def _ethnicity(self, county: str) -> str:
        rest = self._draw.unit()
        shares = places.ETHNIC_SHARES.get(county[:2], places.ETHNIC_SHARES["elsewhere"])
        for code, share in shares.items():
            rest -= share
            if rest < 0:
                return code
        return "01"

    def person(self, index: int, sex: str, birth: date, background: Background, surname: str | None = None) -> Identity:
        """A new identity; `surname` continues a family's."""
        if background.paper is not Paper.RESIDENT_ID:
            return self._outsider(index, sex, birth, background, surname)
        draw = self._draw
        name = names.minority_name(draw, background.ethnicity, sex)
        if name is None:
            name = (surname or names.family_name(draw)) + names.given_name(draw, sex)
        return Identity(
            name=name,
            sex=sex,
            birth=birth,
            paper=Paper.RESIDENT_ID,
            number=self._number(self._area(background.county), birth, sex),
            ethnicity=background.ethnicity,
            hukou_county=background.county,
            hukou_division=self._division(background.county),
            hukou_kind=self._hukou_kind(birth),
        )

    def _outsider(self, index: int, sex: str, birth: date, background: Background, surname: str | None) -> Identity:
        draw, paper, serial = self._draw, background.paper, self._papers.of(index)
        latin = paper in (Paper.PASSPORT, Paper.FOREIGN_PERMANENT_RESIDENT)
        name = names.latin_name(draw) if latin else (surname or names.family_name(draw)) + names.given_name(draw, sex)
        if paper is Paper.PASSPORT:
            number = f"{draw.pick('EGKLMPR')}{serial:08d}"
        elif paper is Paper.HK_MACAO_PERMIT:
            number = f"{draw.pick('HM')}{serial:08d}"
        elif paper is Paper.TAIWAN_PERMIT:
            number = f"{serial:08d}"
        elif paper is Paper.FOREIGN_PERMANENT_RESIDENT:
            order = serial % 1000
            number = foreign_permanent_number("32", draw.pick(_COUNTRIES), birth, order)
        else:
            number = self._number(draw.pick(_HMT_AREAS), birth, sex)
        return Identity(name, sex, birth, paper, number, None, None, None, None)

    def _number(self, area: str, birth: date, sex: str) -> str:
        while (area, birth, sex) in self._taken:
            area = places.origin_county(self._draw)
        self._taken.add((area, birth, sex))
        start = crc32(f"{self._plan.seed}{area}{birth}".encode())
        order = (start + self._chunk) % 500 * 2 + (sex == "M")
        return resident_number(area, birth, order)

    def _area(self, county: str) -> str:
        draw = self._draw
        if draw.chance(0.93):
            return county
        return draw.pick(places.OLD_AREAS) if draw.chance(0.3) else places.origin_county(draw)

    def _division(self, county: str) -> str:
        code = places.village(self._draw, county)
        return code if self._draw.chance(0.9) else code[:9]

    def _hukou_kind(self, birth: date) -> str:
        draw = self._draw
        if draw.chance(0.12):
            return "AGRICULTURAL" if draw.chance(0.7) else "NON_AGRICULTURAL"
        young = 18 <= age_on(birth, self._plan.as_of) <= 30
        return "COLLECTIVE" if young and draw.chance(0.15) else "FAMILY"
