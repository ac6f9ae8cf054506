"""Where people come from and where they live: real divisions, made-up streets.

Origins are spread over the whole country with the skew of a city in the Yangtze delta: most from northern
Jiangsu, Anhui and Henan. Village codes are three digits appended to the township's (DOMAIN section 5).
"""

from functools import lru_cache
from typing import Final

from hub.city.draw import Draw, Weighted
from hub.city.material import shares, weights, words
from schema import divisions

__all__ = [
    "CITY",
    "ETHNIC_SHARES",
    "OLD_AREAS",
    "dwelling_address",
    "home_township",
    "neighbourhood",
    "origin_county",
    "village",
]

CITY: Final = "3205"
"""The city everybody has moved to."""

ETHNIC_SHARES: Final = shares("ethnic_shares")
"""Province (or `elsewhere`) to the shares of its minorities, GB/T 3304; the rest is Han."""
OLD_AREAS: Final = words("places", "old_areas")
"""Area codes that no longer exist but still stand in people's numbers."""

_STREETS: Final = words("places", "streets")


@lru_cache(maxsize=1)
def _origins() -> Weighted[str]:
    found: list[tuple[str, float]] = []
    favoured = weights("favoured_cities")
    for province, share in weights("provinces").items():
        counties = [
            (county, favoured.get(city, 1.0) * (1 + county_rank % 4))
            for city in divisions.children(province)
            if city != CITY
            for county_rank, county in enumerate(divisions.children(city))
        ]
        total = sum(weight for _, weight in counties)
        found += [(county, share * weight / total) for county, weight in counties]
    return Weighted(found)


@lru_cache(maxsize=1)
def _townships() -> Weighted[str]:
    found: list[tuple[str, float]] = []
    for county, share in weights("home_counties").items():
        codes = [
            code for code in divisions.children(county) if (divisions.name_of(code) or "").endswith(("街道", "镇"))
        ]
        found += [(code, share / len(codes)) for code in codes]
    return Weighted(found)


@lru_cache(maxsize=512)
def _place_name(township: str) -> str:
    return f"{divisions.name_of(township[:6])}{divisions.name_of(township)}"


def origin_county(draw: Draw) -> str:
    """A county of household registration outside the city."""
    return _origins().pick(draw)


def home_township(draw: Draw) -> str:
    """A subdistrict or town of the city, 9 digits."""
    return _townships().pick(draw)


def village(draw: Draw, county: str) -> str:
    """A village or community of a county, 12 digits; the county itself where no township is known."""
    townships = divisions.children(county)
    return neighbourhood(draw, draw.pick(townships)) if townships else county


def neighbourhood(draw: Draw, township: str) -> str:
    """A village code of a township: 001–020 communities, 201–220 villages."""
    return f"{township}{(0 if draw.chance(0.6) else 200) + 1 + draw.below(20):03d}"


def dwelling_address(draw: Draw, township: str) -> str:
    """An address that does not exist, in a subdistrict or town that does."""
    street = f"{draw.pick(_STREETS)}{1 + draw.below(399)}号"
    room = f"{1 + draw.below(18)}{1 + draw.below(6):02d}"
    return f"{_place_name(township)}{street}{1 + draw.below(40)}幢{room}室"
