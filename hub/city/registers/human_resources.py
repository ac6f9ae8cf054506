"""Human resources: files with Chinese headers, dates in eight digits, insurance codes in three."""

from datetime import date
from typing import Final

from hub.city.model import Life, Paper
from hub.city.registers.register import Register

__all__ = ["write_human_resources"]

_PAPERS: Final = {
    Paper.RESIDENT_ID: "01",
    Paper.HMT_RESIDENCE_PERMIT: "02",
    Paper.FOREIGN_PERMANENT_RESIDENT: "03",
    Paper.PASSPORT: "04",
    Paper.HK_MACAO_PERMIT: "05",
    Paper.TAIWAN_PERMIT: "06",
}
_OCCUPATIONS: Final = {
    "MANAGER": "10",
    "PROFESSIONAL": "20",
    "CLERK": "30",
    "SERVICE": "40",
    "AGRICULTURE": "50",
    "MANUFACTURING": "60",
    "OTHER": "80",
}
_CONTRACTS: Final = {
    "FIXED_TERM": "固定期限",
    "OPEN_ENDED": "无固定期限",
    "TASK": "完成任务",
    "PART_TIME": "非全日制",
    "DISPATCH": "劳务派遣",
    "INTERN": "实习",
}
_INSURANCES: Final = {"PENSION": "110", "UNEMPLOYMENT": "210", "MEDICAL": "310", "INJURY": "410", "MATERNITY": "510"}
_STATES: Final = {"PAYING": "1", "SUSPENDED": "2", "ENDED": "3"}


def write_human_resources(register: Register, life: Life) -> None:
    """A person's rows in the employment and insurance files."""
    who = life.member.identity
    version = register.identity(life)
    key = register.key(life.member.index)
    sex = "男性" if who.sex == "M" else "女性"
    paper, updated = _PAPERS[who.paper], _digits(register.updated(life))
    cells = (key, version.name, sex, _digits(version.birth), paper, version.number, register.telephone(), updated)
    register.write("persons", cells)
    for position, job in enumerate(life.employments):
        if job.contract == "INTERN":
            register.mark(life, "unmapped_code")
        row = (
            register.row_number(life.member.index, position),
            key,
            job.employer.name,
            job.employer.uscc,
            _OCCUPATIONS[job.occupation],
            _CONTRACTS[job.contract],
            _digits(job.started),
            _digits(job.ended),
        )
        register.write("employments", row)
    for item in life.insurances:
        last = _digits(item.last_month)
        state = (_INSURANCES[item.kind], _STATES[item.status], str(item.months), last and last[:6])
        register.write("social_insurances", (key, *state, f"{item.base:.2f}"))


def _digits(day: date | None) -> str | None:
    return None if day is None else day.isoformat().replace("-", "")
