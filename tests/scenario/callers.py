"""Every department under every purpose it may name, as somebody who asks about one person of a case."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from auth.model import Case, Profile
from hub.demo.issuer import TokenRequest
from privacy.decide import granted
from privacy.model import Agreement, Purpose
from privacy.purposes import PERSON_PURPOSES, PURPOSES
from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role

__all__ = ["Asker", "agreements_for", "every_asker"]

_REFERENCE = "2026-31"
_CITY = "3205"


@dataclass(frozen=True, slots=True)
class Asker:
    """A department's caller under a purpose."""

    department: Department
    purpose: Purpose
    role: Role = Role.WINDOW_CLERK
    level: Level = Level.CITY
    jurisdiction: str = _CITY

    def __str__(self) -> str:
        return f"{self.department}, {self.purpose.code}"

    @property
    def profile(self) -> Profile:
        """What decisions depend on."""
        person = self.department is Department.PERSON
        level, jurisdiction = (Level.PROVINCE, "") if person else (self.level, self.jurisdiction)
        return Profile(self.department, frozenset({self.role}), level, jurisdiction, Assurance.SUBSTANTIAL)

    @property
    def agreement(self) -> str | None:
        """The agreement it names where its purpose stands on one."""
        return f"{self.department}-{self.purpose.code}" if self.purpose.agreement_required else None

    def token(self, *subjects: SectorId) -> TokenRequest:
        """Its token, with a case that names these persons; a person's own token is for the first of them."""
        person = self.department is Department.PERSON
        return TokenRequest(
            department=self.department,
            roles=(self.role,),
            level=self.level,
            jurisdiction=self.jurisdiction,
            purposes=(self.purpose.code,),
            subject=subjects[0] if person else "officer-31",
            client=f"{self.department}-31",
            case=None if person else Case(_REFERENCE, self.purpose.code, frozenset(subjects)),
        )

    def headers(self) -> dict[str, str]:
        """The headers that go with the token."""
        found = {"hub-purpose": self.purpose.code}
        if self.department is not Department.PERSON:
            found["hub-case"] = _REFERENCE
        return found | ({"hub-agreement": self.agreement} if self.agreement else {})


def every_asker() -> Iterator[Asker]:
    """Every department that the catalogue lists under every purpose."""
    for purpose in PURPOSES.values():
        role = Role.PERSON if purpose.code in PERSON_PURPOSES else Role.WINDOW_CLERK
        for department in sorted(purpose.departments):
            yield Asker(Department(department), purpose, role)


def agreements_for(document: str) -> dict[str, Agreement]:
    """An agreement on a document for every asker whose purpose stands on one; it grants what the purpose grants."""
    found: dict[str, Agreement] = {}
    template = Agreement(
        id="",
        document=document,
        document_hash=sha256(document.encode()).hexdigest(),
        purpose="",
        department="",
        client=None,
        jurisdiction=_CITY,
        volume_per_day=1_000_000,
        expires=datetime(2099, 1, 1, tzinfo=UTC),
        fields=frozenset(),
        listing=False,
    )
    for asker in every_asker():
        if asker.agreement is not None:
            found[asker.agreement] = dataclasses.replace(
                template,
                id=asker.agreement,
                purpose=asker.purpose.code,
                department=asker.department.value,
                fields=frozenset(granted(asker.department, asker.purpose)),
            )
    return found
