"""Civil affairs: SQLite or MariaDB, words in pinyin, codes in Chinese, dates as text with slashes."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from hub.city.model import Life, Paper
from hub.city.registers.register import Register
from hub.city.unions import marital_status

__all__ = ["write_civil_affairs"]

_PAPERS: Final = {
    Paper.RESIDENT_ID: "身份证",
    Paper.HMT_RESIDENCE_PERMIT: "港澳台居住证",
    Paper.FOREIGN_PERMANENT_RESIDENT: "永居证",
    Paper.PASSPORT: "护照",
    Paper.HK_MACAO_PERMIT: "港澳通行证",
    Paper.TAIWAN_PERMIT: "台胞证",
}
_MARITAL: Final = {
    "UNMARRIED": "未婚",
    "MARRIED": "已婚",
    "FIRST_MARRIAGE": "初婚",
    "REMARRIED": "再婚",
    "REUNITED": "复婚",
    "WIDOWED": "丧偶",
    "DIVORCED": "离婚",
}
_EVENTS: Final = {"MARRIED": "J", "DIVORCED": "L", "ANNULLED": "C"}
_PROGRAMMES: Final = {
    "SUBSISTENCE": "低保",
    "TEMPORARY": "临时",
    "HOUSING": "住房",
    "EDUCATION": "教育",
    "ILLNESS": "医疗",
    "DISABILITY": "残疾",
}


def write_civil_affairs(register: Register, life: Life, lives: Mapping[int, Life]) -> None:
    """A person's rows; `lives` are those of the household, by person."""
    _write_person(register, life)
    person, key = life.member.index, register.key(life.member.index)
    for position, event in enumerate(life.marriages):
        status = "ANNULLED" if event.status == "DIVORCED" and register.draw.chance(0.03) else event.status
        spouse = _key_here(register, lives, event.spouse)
        number = register.row_number(person, position)
        name = event.spouse_name.replace("·", "・")
        what = (_EVENTS[status], _slashed(event.registered), event.authority)
        register.write("marriage_registrations", (number, key, *what, name, spouse))
    for position, relation in enumerate(life.guardianships):
        child = _key_here(register, lives, relation.child)
        if child is not None:
            dates = (_slashed(relation.since), _slashed(relation.ended))
            number = register.row_number(person, position)
            register.write("guardianships", (number, key, child, relation.relation, *dates))
    for position, grant in enumerate(life.assistances):
        state = "停发" if grant.until else "在享"
        number = register.row_number(person, position)
        dates = (_slashed(grant.since), _slashed(grant.until))
        register.write("social_assistances", (number, key, _PROGRAMMES[grant.programme], state, *dates, grant.amount))


def _write_person(register: Register, life: Life) -> None:
    who, draw = life.member.identity, register.draw
    version = register.identity(life)
    status = _MARITAL[marital_status(draw, life.member)]
    if draw.chance(0.006):
        register.mark(life, "marital_status")
        status = "未说明" if draw.chance(0.6) else "未婚"
    cells = (
        register.key(life.member.index),
        version.name,
        "男" if who.sex == "M" else "女",
        _slashed(version.birth),
        _PAPERS[who.paper],
        version.number,
        register.unmapped(life, status, "待核实", 0.002),
        register.telephone(),
        _slashed(register.updated(life)),
    )
    register.write("persons", cells)


def _key_here(register: Register, lives: Mapping[int, Life], person: int | None) -> str | None:
    if person is None or register.department not in lives[person].known:
        return None
    return register.key(person)


def _slashed(day: date | None) -> str | None:
    return None if day is None else day.isoformat().replace("-", "/")
