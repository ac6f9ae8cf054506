"""The shared entity and its checks (DESIGN section 4, DOMAIN section 3)."""

import datetime
from enum import Enum

import strawberry

from schema import codes
from schema.departments import (
    BusinessRecord,
    CivilAffairsRecord,
    Division,
    EthnicGroup,
    HealthRecord,
    HumanResourcesRecord,
    PoliceRecord,
)
from schema.fields import ColumnType, checked, group, held, record
from schema.scalars import PartialDate
from schema.vocabulary import FieldClass, Mask, Source

__all__ = ["AnswerValue", "CheckAnswer", "Checks", "Hukou", "InsuredPeriod", "Migrant", "Residence"]

_PERSONS = "police.persons"


@strawberry.enum(name="Answer", description="UNKNOWN never grounds a refusal. 是、否、未知；未知不得作为拒绝依据")
class AnswerValue(Enum):
    """Outcome of a check as the API shows it."""

    YES = strawberry.enum_value("YES", description="是")
    NO = strawberry.enum_value("NO", description="否")
    UNKNOWN = strawberry.enum_value("UNKNOWN", description="未知")


@strawberry.enum(description="How long insured: constants of the catalogue. 缴费月数档位")
class InsuredPeriod(Enum):
    """Months of pension insurance a check may ask for; nothing can be found by bisection."""

    MONTHS_6 = strawberry.enum_value("MONTHS_6", description="6 个月")
    MONTHS_12 = strawberry.enum_value("MONTHS_12", description="12 个月")
    MONTHS_36 = strawberry.enum_value("MONTHS_36", description="36 个月")


@strawberry.type(description="A yes/no answer computed at its source. 核验结果")
class CheckAnswer:
    """The answer, when its source's data dates from (UTC), and the source."""

    answer: AnswerValue = strawberry.field(description="YES, NO or UNKNOWN. 结果")
    as_of: datetime.datetime | None = strawberry.field(default=None, description="Age of the data (UTC). 数据时间")
    source: str = strawberry.field(description="The department that answered. 来源部门")


def _answer(self: "Checks", info: strawberry.Info) -> CheckAnswer:
    return info.context.check(self, info)  # type: ignore[no-any-return]


def _identity(self: "Checks", info: strawberry.Info, name: str, birth_date: datetime.date) -> CheckAnswer:
    return info.context.check(self, info, name=name, birthDate=birth_date)  # type: ignore[no-any-return]


def _insured(self: "Checks", info: strawberry.Info, period: InsuredPeriod) -> CheckAnswer:
    return info.context.check(self, info, period=period)  # type: ignore[no-any-return]


def _married(self: "Checks", info: strawberry.Info, person: strawberry.ID) -> CheckAnswer:
    return info.context.check(self, info, person=person)  # type: ignore[no-any-return]


def _guardian(self: "Checks", info: strawberry.Info, child: strawberry.ID) -> CheckAnswer:
    return info.context.check(self, info, child=child)  # type: ignore[no-any-return]


@strawberry.type(description="Yes/no answers, computed at the source. 核验")
class Checks:
    """All checks locate: for a protected person each answers UNKNOWN (DESIGN R7)."""

    identity_matches: CheckAnswer = checked(_identity, "Name and birth date match. 身份信息一致")
    resident_half_year: CheckAnswer = checked(_answer, "Registered as resident for half a year. 居住满半年")
    permit_valid: CheckAnswer = checked(_answer, "Holds a valid residence permit. 居住证有效")
    insured_months: CheckAnswer = checked(_insured, "Pension insurance paid for so long. 养老保险缴费满")
    employed_now: CheckAnswer = checked(_answer, "Employed now. 目前在职")
    enrolled_with_health: CheckAnswer = checked(_answer, "Enrolled with a health institution. 已建健康档案")
    immunisation_complete: CheckAnswer = checked(_answer, "School-entry vaccinations complete. 入学接种完成")
    licence_active: CheckAnswer = checked(_answer, "Stands behind an active market entity. 营业执照存续")
    married_to: CheckAnswer = checked(_married, "Married to a person named in the case. 与案内人员为夫妻")
    guardian_of: CheckAnswer = checked(_guardian, "Guardian of a child named in the case. 为案内儿童监护人")


@strawberry.type(description="Household registration. 户籍")
class Hukou:
    """Where the person is registered."""

    county: Division | None = held(
        FieldClass.BASIC,
        ColumnType.DIVISION,
        "County. 户籍县区",
        mask=Mask.COUNTY,
        collection=_PERSONS,
        column="hukou_county",
    )
    division: Division | None = held(
        FieldClass.LOCATION,
        ColumnType.DIVISION,
        "Township or village. 户籍乡镇村居",
        mask=Mask.COUNTY,
        collection=_PERSONS,
        column="hukou_division",
    )
    kind: codes.HukouKind | None = held(
        FieldClass.BASIC,
        ColumnType.CODE,
        "Kind. 户口类别",
        locates=False,
        collection=_PERSONS,
        column="hukou_kind",
        codes=codes.HukouKind,
    )


@strawberry.type(description="Current residence. 现居住地")
class Residence:
    """Where the person lives now; never where they lived before (DESIGN R5)."""

    county: Division | None = held(
        FieldClass.BASIC,
        ColumnType.DIVISION,
        "County. 居住县区",
        mask=Mask.COUNTY,
        collection=_PERSONS,
        column="residence_county",
    )
    division: Division | None = held(
        FieldClass.LOCATION,
        ColumnType.DIVISION,
        "Township or village. 居住乡镇村居",
        mask=Mask.COUNTY,
        collection=_PERSONS,
        column="residence_division",
    )
    address: str | None = held(
        FieldClass.LOCATION,
        ColumnType.STRING,
        "Address. 居住地址",
        mask=Mask.COUNTY,
        collection=_PERSONS,
        column="residence_address",
        masked_from="residence_county",
    )
    since: PartialDate | None = held(
        FieldClass.BASIC,
        ColumnType.DATE,
        "Since. 居住起始",
        mask=Mask.YEAR,
        collection=_PERSONS,
        column="residence_since",
    )


@strawberry.type(description="A person living outside their place of household registration. 流动人口")
class Migrant:
    """The shared entity. `id` is the sector id of the caller's department; two departments share none."""

    id: strawberry.ID = strawberry.field(description="Sector id of the caller's department. 部门标识")
    name: str | None = held(
        FieldClass.PERSONAL, ColumnType.STRING, "Name. 姓名", locates=False, mask=Mask.NAME, collection=_PERSONS
    )
    sex: codes.Sex | None = held(
        FieldClass.BASIC, ColumnType.CODE, "Sex. 性别", locates=False, collection=_PERSONS, codes=codes.Sex
    )
    birth_date: PartialDate | None = held(
        FieldClass.PERSONAL, ColumnType.DATE, "Birth date. 出生日期", locates=False, mask=Mask.YEAR, collection=_PERSONS
    )
    document_kind: codes.DocumentKind | None = held(
        FieldClass.BASIC,
        ColumnType.CODE,
        "Kind of identity document. 证件种类",
        locates=False,
        collection=_PERSONS,
        codes=codes.DocumentKind,
    )
    id_number: str | None = held(
        FieldClass.IDENTIFIER,
        ColumnType.STRING,
        "Number of the identity document. 证件号码",
        locates=False,
        mask=Mask.DIGITS,
        collection=_PERSONS,
    )
    hukou: Hukou | None = group("hukou", _PERSONS, "Household registration. 户籍")
    residence: Residence | None = group("residence", _PERSONS, "Current residence. 现居住地")
    marital_status: codes.MaritalStatus | None = held(
        FieldClass.FAMILY,
        ColumnType.CODE,
        "Marital status. 婚姻状况",
        locates=False,
        collection="civil_affairs.persons",
        codes=codes.MaritalStatus,
    )
    ethnicity: EthnicGroup | None = held(
        FieldClass.ETHNICITY, ColumnType.ETHNIC, "Ethnic group. 民族", locates=False, collection=_PERSONS
    )
    police: PoliceRecord | None = record(Source.POLICE, "What police hold. 公安")
    civil_affairs: CivilAffairsRecord | None = record(Source.CIVIL_AFFAIRS, "What civil affairs hold. 民政")
    human_resources: HumanResourcesRecord | None = record(Source.HUMAN_RESOURCES, "What human resources hold. 人社")
    health: HealthRecord | None = record(Source.HEALTH, "What health institutions hold. 卫健")
    business: BusinessRecord | None = record(Source.BUSINESS, "What market regulation holds. 市监")
    checks: Checks = strawberry.field(default_factory=Checks, description="Yes/no answers. 核验")
