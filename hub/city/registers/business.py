"""Business registration: English names, short codes, ISO dates, divisions to the township only."""

from typing import Final

from hub.city.model import Life, Paper
from hub.city.registers.register import Register

__all__ = ["write_business"]

_PAPERS: Final = {
    Paper.RESIDENT_ID: "10",
    Paper.HMT_RESIDENCE_PERMIT: "53",
    Paper.FOREIGN_PERMANENT_RESIDENT: "52",
    Paper.PASSPORT: "40",
    Paper.HK_MACAO_PERMIT: "51",
    Paper.TAIWAN_PERMIT: "70",
}
_KINDS: Final = {"SOLE_TRADER": "GTH", "COMPANY": "GS", "PARTNERSHIP": "HH", "COOPERATIVE": "HZS"}
_STATES: Final = {"ACTIVE": "OPEN", "SUSPENDED": "PAUSED", "CANCELLED": "DEREGISTERED", "REVOKED": "REVOKED"}
_ROLES: Final = {"OPERATOR": "JYZ", "LEGAL_REPRESENTATIVE": "FR", "INVESTOR": "TZR", "PARTNER": "HHR"}


def write_business(register: Register, life: Life) -> None:
    """A person's rows in the register of market entities."""
    version = register.identity(life)
    key = register.key(life.member.index)
    paper = _PAPERS[life.member.identity.paper]
    register.write("persons", (key, version.name, version.birth.isoformat(), paper, version.number))
    for licence in sorted(life.licences, key=lambda entry: entry.registered, reverse=True):
        cells = (
            key,
            licence.uscc,
            licence.name,
            register.unmapped(life, _KINDS[licence.kind], "FZ", 0.004),
            _STATES[licence.status],
            licence.registered.isoformat(),
            _ROLES[licence.role],
            licence.premises if register.draw.chance(0.98) else licence.premises[:6],
        )
        register.write("licences", cells)
