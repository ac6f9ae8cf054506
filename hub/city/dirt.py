"""Honest dirt: what goes wrong between a person and a department's record of them.

Every deviation is named and goes into the truth; `city.json` counts them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hub.city.draw import Draw
from hub.city.model import Identity, Paper
from hub.city.names import RARE, SOUND_ALIKE, TRADITIONAL
from hub.city.numbers import old_form
from schema.identity import is_valid_resident_id

__all__ = ["HABITS", "Habits", "Recorded", "recorded"]

_LONG_PAPERS: Final = frozenset({Paper.RESIDENT_ID, Paper.HMT_RESIDENCE_PERMIT, Paper.FOREIGN_PERMANENT_RESIDENT})
_OUTSIDE: Final = frozenset({Paper.HK_MACAO_PERMIT, Paper.TAIWAN_PERMIT, Paper.HMT_RESIDENCE_PERMIT})
_PRIVATE_USE: Final = "\ue863"
_WIDE: Final = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass(frozen=True, slots=True)
class Habits:
    """How a department writes, and how often it errs (shares of its records)."""

    separator: str
    number_missing: float
    number_mistyped: float
    number_old_form: float = 0.0
    number_wide: float = 0.0
    number_small_x: float = 0.02
    name_typo: float = 0.004
    name_spaced: float = 0.0
    name_private_use: float = 0.0
    birth_date: float = 0.006


HABITS: Final = {
    "police": Habits("·", 0.004, 0.002, number_small_x=0.01, name_typo=0.001, birth_date=0.001),
    "civil-affairs": Habits("・", 0.012, 0.006, number_old_form=0.03, name_private_use=0.5),
    "human-resources": Habits("·", 0.006, 0.008, number_old_form=0.01, number_wide=0.006, name_spaced=0.03),
    "health": Habits("•", 0.03, 0.012, number_small_x=0.2, name_typo=0.009, birth_date=0.014),
    "business": Habits("·", 0.003, 0.003, name_typo=0.003, birth_date=0.004),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A person's identity as one department holds it, and what is wrong with it."""

    name: str
    sex: str
    birth: date
    number: str | None
    dirt: tuple[str, ...]


def recorded(draw: Draw, identity: Identity, department: str) -> Recorded:
    """The department's version of an identity."""
    habits, dirt = HABITS[department], []
    number, mark = _number(draw, identity, habits)
    dirt += [mark] if mark else []
    name, mark = _name(draw, identity, habits)
    dirt += [mark] if mark else []
    birth = identity.birth
    if draw.chance(habits.birth_date):
        birth = _other_birth(draw, birth)
        dirt.append("birth_date")
    return Recorded(name.replace("·", habits.separator), identity.sex, birth, number, tuple(dirt))


def _number(draw: Draw, identity: Identity, habits: Habits) -> tuple[str | None, str | None]:
    number = identity.number
    if draw.chance(habits.number_missing):
        return None, "number_missing"
    if identity.paper not in _LONG_PAPERS:
        return number, None
    if draw.chance(habits.number_mistyped):
        return _mistyped(draw, number), "number_mistyped"
    if identity.paper is Paper.RESIDENT_ID and identity.birth.year < 1990 and draw.chance(habits.number_old_form):
        return old_form(number), "number_old_form"
    return _other_spelling(draw, number, habits)


def _other_spelling(draw: Draw, number: str, habits: Habits) -> tuple[str, str | None]:
    if draw.chance(habits.number_wide):
        return number.translate(_WIDE), "number_wide"
    if number[-1] == "X" and draw.chance(habits.number_small_x):
        return number[:-1] + "x", "number_small_x"
    return number, None


def _mistyped(draw: Draw, number: str) -> str:
    """The number with one wrong digit, two swapped or one lost; never a valid one."""
    while True:
        place = draw.below(16)
        slip = draw.below(3)
        if slip == 0:
            wrong = number[:place] + str(draw.below(10)) + number[place + 1 :]
        elif slip == 1:
            wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        else:
            wrong = number[:place] + number[place + 1 :]
        if not is_valid_resident_id(wrong):
            return wrong


def _name(draw: Draw, identity: Identity, habits: Habits) -> tuple[str, str | None]:
    name = identity.name
    if identity.paper in _OUTSIDE and draw.chance(0.3):
        return name.translate(TRADITIONAL), "name_traditional" if name.translate(TRADITIONAL) != name else None
    if draw.chance(habits.name_typo):
        places = [place for place, letter in enumerate(name) if letter in SOUND_ALIKE]
        if places:
            place = draw.pick(places)
            return name[:place] + SOUND_ALIKE[name[place]] + name[place + 1 :], "name_typo"
    if len(name) == 2 and draw.chance(habits.name_spaced):
        return f"{name[0]} {name[1]}", "name_spaced"
    rare = [letter for letter in name if letter in RARE]
    if rare and draw.chance(habits.name_private_use):
        return name.replace(rare[0], _PRIVATE_USE), "name_private_use"
    return name, None


def _other_birth(draw: Draw, birth: date) -> date:
    """Day and month swapped where that is a date, the lunar month for the solar one, or a slip of the year."""
    if draw.chance(0.4) and birth.day <= 12 and birth.day != birth.month:
        return date(birth.year, birth.day, birth.month)
    if draw.chance(0.5):
        return birth - timedelta(days=draw.between(19, 50))
    return birth - timedelta(days=366)
