"""Health: English names, letters as codes, times with an offset."""

from datetime import date
from typing import Final

from hub.city.model import Life, Paper, Service
from hub.city.registers.register import Register

__all__ = ["write_health"]

_PAPERS: Final = {
    Paper.RESIDENT_ID: "SFZ",
    Paper.HMT_RESIDENCE_PERMIT: "JZZ",
    Paper.FOREIGN_PERMANENT_RESIDENT: "YJZ",
    Paper.PASSPORT: "HZ",
    Paper.HK_MACAO_PERMIT: "GATXZ",
    Paper.TAIWAN_PERMIT: "TBZ",
}


def write_health(register: Register, life: Life) -> None:
    """A person's rows in the population health system, newest first."""
    who, draw = life.member.identity, register.draw
    version = register.identity(life)
    key = register.key(life.member.index)
    birth = f"{version.birth}T00:00:00+08:00"
    register.write("patients", (key, version.name, who.sex, birth, _PAPERS[who.paper], version.number))
    for entry in reversed(life.enrolments):
        state = "active" if entry.active else "closed"
        register.write("enrolments", (key, entry.institution, _time(register, entry.since), state))
    for dose in reversed(life.doses):
        if dose.vaccine == "COVID":
            register.mark(life, "unmapped_code")
        cells = (key, dose.vaccine, str(dose.number), _time(register, dose.given), dose.institution)
        register.write("immunisations", cells)
    for service in reversed(life.services):
        if service.item == "ZYY":
            register.mark(life, "unmapped_code")
        free = None if draw.chance(0.01) else "Y" if service.free else "N"
        register.write("services", (key, *_service(register, service), free))
    for service in reversed(life.maternity):
        register.write("maternityServices", (key, *_service(register, service)))


def _service(register: Register, service: Service) -> tuple[str, str, str]:
    return service.item, _time(register, service.provided), service.institution


def _time(register: Register, day: date) -> str:
    minutes = register.draw.below(600)
    return f"{day}T{7 + minutes // 60:02d}:{minutes % 60:02d}:00+08:00"
