"""The demo's callers: who asks, why, about whom, with which document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auth.model import Case
from hub.city.personas import Persona
from hub.demo.agreements import MIGRANTS_AGREEMENT, MIGRANTS_DOCUMENT
from hub.demo.documents import ENROLMENT, IMMUNISATION, INSURANCE_TRANSFER, PERMIT_APPLICATION, SELF
from hub.demo.issuer import TokenRequest
from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role

__all__ = ["SCENARIOS", "Scenario"]

Cast = Mapping[str, Persona]
Ids = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One caller. `subjects` and `related` name members of the cast that the case names; `place` gives level and
    jurisdiction; `variables` are made from the cast's ids and papers."""

    title: str
    title_zh: str
    department: Department
    role: Role
    purpose: str
    document: str
    variables: Callable[[Ids, Cast], dict[str, Any]]
    subjects: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    place: Callable[[Cast], tuple[Level, str]] = lambda _cast: (Level.CITY, "3205")
    agreement: str | None = None

    @property
    def reference(self) -> str | None:
        """The case's reference, when there is a case."""
        return f"demo-{self.purpose}-1" if self.subjects and self.department is not Department.PERSON else None

    def token(self, ids: Ids, cast: Cast, minutes: int = 30) -> TokenRequest:
        """The token this caller comes with, once the ids of the persons in the case are known."""
        if self.department is Department.PERSON:
            return TokenRequest(
                department=self.department,
                roles=(self.role,),
                purposes=(self.purpose,),
                subject=ids[self.subjects[0]],
                client="demo-portal",
                assurance=Assurance.HIGH,
                minutes=minutes,
            )
        level, jurisdiction = self.place(cast)
        return TokenRequest(
            department=self.department,
            roles=(self.role,),
            level=level,
            jurisdiction=jurisdiction,
            purposes=(self.purpose,),
            subject=f"demo-{self.department.value}-officer",
            client=f"demo-{self.department.value}",
            minutes=minutes,
            case=self._case(ids),
        )

    def _case(self, ids: Ids) -> Case | None:
        if self.reference is None:
            return None
        return Case(self.reference, self.purpose, _sector_ids(self.subjects, ids), _sector_ids(self.related, ids))


def _sector_ids(names: tuple[str, ...], ids: Ids) -> frozenset[SectorId]:
    return frozenset(SectorId(ids[name]) for name in names if name in ids)


def _own_township(member: str) -> Callable[[Cast], tuple[Level, str]]:
    return lambda cast: (Level.TOWNSHIP, cast[member].residence_division[:9])


def _family(ids: Ids, _cast: Cast) -> dict[str, Any]:
    return {"child": ids["child"], "first": ids["firstGuardian"], "second": ids["secondGuardian"]}


def _papers(member: str, cast: Cast) -> dict[str, Any]:
    return {"name": cast[member].name, "birthDate": cast[member].birth_date.isoformat()}


SCENARIOS: Final = (
    Scenario(
        "Education enrols a child",
        "教育部门办理入学",
        Department.EDUCATION,
        Role.WINDOW_CLERK,
        "school-enrolment",
        ENROLMENT,
        lambda ids, cast: {**_family(ids, cast), **_papers("child", cast)},
        subjects=("child",),
        related=("firstGuardian", "secondGuardian"),
    ),
    Scenario(
        "Human resources transfer an insurance",
        "人社部门转移社会保险",
        Department.HUMAN_RESOURCES,
        Role.CASE_OFFICER,
        "social-insurance",
        INSURANCE_TRANSFER,
        lambda ids, cast: {"person": ids["worker"], **_papers("worker", cast)},
        subjects=("worker",),
    ),
    Scenario(
        "A community health centre vaccinates a child",
        "社区卫生服务中心预防接种",
        Department.HEALTH,
        Role.CASE_OFFICER,
        "immunisation",
        IMMUNISATION,
        _family,
        subjects=("child",),
        related=("firstGuardian", "secondGuardian"),
        place=_own_township("child"),
    ),
    Scenario(
        "Police check a permit application",
        "公安机关核验居住证申请",
        Department.POLICE,
        Role.WINDOW_CLERK,
        "residence-permit",
        PERMIT_APPLICATION,
        lambda ids, _cast: {"applicant": ids["applicant"]},
        subjects=("applicant",),
    ),
    Scenario(
        "Health reads a page under its agreement",
        "卫健部门按共享授权读取名单",
        Department.HEALTH,
        Role.SYSTEM_CLIENT,
        "public-health",
        MIGRANTS_DOCUMENT,
        lambda _ids, cast: {"division": cast["child"].residence_division[:6], "first": 3, "after": None},
        agreement=MIGRANTS_AGREEMENT,
    ),
    Scenario(
        "A person reads their own record",
        "本人查阅",
        Department.PERSON,
        Role.PERSON,
        "subject-access",
        SELF,
        lambda _ids, _cast: {},
        subjects=("worker",),
    ),
)
"""In the order they are told."""
