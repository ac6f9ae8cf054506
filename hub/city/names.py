"""Names of persons: random combinations, none meant.

Han names with compound surnames and rare characters (four bytes in GB 18030), Uygur and Kazakh names with the
separator `·`, Tibetan, Mongol and Yi names in characters, Latin names in passports.
"""

from typing import Final

from hub.city.draw import Draw, Weighted
from hub.city.material import letters, words

__all__ = ["COMPOUND", "RARE", "TRADITIONAL", "SOUND_ALIKE", "family_name", "given_name", "latin_name", "minority_name"]

COMPOUND: Final = tuple(words("surnames", "compound"))
"""Surnames of two characters."""
RARE: Final = letters("given", "rare")
"""Characters that old systems cannot write."""
TRADITIONAL: Final = str.maketrans(letters("slips", "simplified"), letters("slips", "traditional"))
"""Simplified to traditional, for the characters used here."""
SOUND_ALIKE: Final = dict(zip(letters("slips", "typed"), letters("slips", "instead"), strict=True))
"""What a tired clerk types instead."""

_SURNAMES: Final = Weighted(
    [(name, 100 / (rank + 8)) for rank, name in enumerate(letters("surnames", "single"))]
    + [(name, 0.7) for name in COMPOUND]
)
_GIVEN: Final = {"M": letters("given", "men"), "F": letters("given", "women")}
_SHARED: Final = letters("given", "shared")
_UYGUR: Final = {"M": words("minorities", "uygur_men"), "F": words("minorities", "uygur_women")}
_KAZAKH: Final = {"M": words("minorities", "kazakh_men"), "F": words("minorities", "kazakh_women")}
_TIBETAN: Final = words("minorities", "tibetan")
_MONGOL: Final = words("minorities", "mongol")
_YI: Final = (words("minorities", "yi_families"), words("minorities", "yi_given"))
_LATIN: Final = (words("latin", "families"), words("latin", "given"))


def family_name(draw: Draw) -> str:
    """A Han surname, compound in about one case of a hundred."""
    return _SURNAMES.pick(draw)


def given_name(draw: Draw, sex: str) -> str:
    """One or two characters, now and then a rare one."""
    own = _GIVEN[sex]
    last = draw.pick(RARE) if draw.chance(0.004) else draw.pick(own)
    if draw.chance(0.22):
        return last
    return (draw.pick(_SHARED) if draw.chance(0.35) else draw.pick(own)) + last


def minority_name(draw: Draw, ethnicity: str, sex: str) -> str | None:
    """A whole name in the manner of the group, or None where Han names are usual."""
    if ethnicity == "05":
        return _patronymic(draw, _UYGUR, sex)
    if ethnicity == "17":
        return _patronymic(draw, _KAZAKH, sex)
    if ethnicity == "04":
        return draw.pick(_TIBETAN) + draw.pick(_TIBETAN)
    if ethnicity == "02" and draw.chance(0.6):
        return draw.pick(_MONGOL) if draw.chance(0.7) else f"{draw.pick(_MONGOL)}·{draw.pick(_MONGOL)}"
    if ethnicity == "07" and draw.chance(0.6):
        return draw.pick(_YI[0]) + draw.pick(_YI[1])
    return None


def _patronymic(draw: Draw, names: dict[str, list[str]], sex: str) -> str:
    generations = 1
    while draw.chance(0.12) and generations < 9:
        generations += 1 if draw.chance(0.7) else 6
    return "·".join([draw.pick(names[sex]), *(draw.pick(names["M"]) for _ in range(generations))])


def latin_name(draw: Draw) -> str:
    """Family name and given name as a passport's machine-readable line has them."""
    return f"{draw.pick(_LATIN[0])} {draw.pick(_LATIN[1])}"
