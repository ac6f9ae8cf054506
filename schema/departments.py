"""The departments' records and the rows they hold (DOMAIN section 3)."""

import strawberry

from schema import codes
from schema.fields import ColumnType, held, records
from schema.scalars import Amount, Month, PartialDate
from schema.vocabulary import Decision, FieldClass, Mask

__all__ = [
    "BusinessLicence",
    "BusinessRecord",
    "CivilAffairsRecord",
    "Division",
    "Employment",
    "EthnicGroup",
    "HealthEnrolment",
    "HealthRecord",
    "HealthService",
    "HumanResourcesRecord",
    "Immunisation",
    "MarriageRegistration",
    "MaternityService",
    "PersonRef",
    "PoliceRecord",
    "ResidencePermit",
    "ResidenceRegistration",
    "SocialAssistance",
    "SocialInsurance",
]

_BASIC, _PERSONAL, _IDENTIFIER = FieldClass.BASIC, FieldClass.PERSONAL, FieldClass.IDENTIFIER
_LOCATION, _FAMILY, _FINANCIAL = FieldClass.LOCATION, FieldClass.FAMILY, FieldClass.FINANCIAL
_HEALTH, _REPRODUCTIVE, _PUBLIC = FieldClass.HEALTH, FieldClass.REPRODUCTIVE, FieldClass.PUBLIC
_CODE, _DATE, _TEXT = ColumnType.CODE, ColumnType.DATE, ColumnType.STRING


@strawberry.type(description="A division of GB/T 2260: county, township or village. 行政区划")
class Division:
    """A division; masked, it is the county."""

    code: str = strawberry.field(description="6, 9 or 12 digits. 区划代码")
    name: str | None = strawberry.field(default=None, description="Chinese name. 区划名称")


@strawberry.type(description="An ethnic group of GB/T 3304. 民族")
class EthnicGroup:
    """An ethnic group; leaves its owner only to the person (DESIGN R6)."""

    code: str = strawberry.field(description="Two digits. 民族代码")
    name: str | None = strawberry.field(default=None, description="Chinese name. 民族名称")


@strawberry.type(description="A relative: a masked name and nothing more, no way on to their record. 亲属")
class PersonRef:
    """A relative (DESIGN section 4)."""

    name: str | None = strawberry.field(default=None, description="Masked name. 脱敏姓名")


@strawberry.type(description="A registration of residence. 居住登记")
class ResidenceRegistration:
    """Police; other departments see the current row only (DESIGN R5)."""

    division: Division | None = held(
        _LOCATION, ColumnType.DIVISION, "Where: township or village. 居住地区划", mask=Mask.COUNTY
    )
    address: str | None = held(_LOCATION, _TEXT, "Where: address. 居住地址", mask=Mask.COUNTY, masked_from="division")
    dwelling_kind: codes.DwellingKind | None = held(
        _LOCATION, _CODE, "Kind of dwelling. 住所类别", codes=codes.DwellingKind
    )
    registered_on: PartialDate | None = held(_BASIC, _DATE, "Registered on. 登记日期", mask=Mask.YEAR)
    expected_until: PartialDate | None = held(_BASIC, _DATE, "Expected until. 拟居住至", mask=Mask.YEAR)
    cancelled_on: PartialDate | None = held(_BASIC, _DATE, "Cancelled on. 注销日期", mask=Mask.YEAR)
    reason: codes.RegistrationReason | None = held(
        _PERSONAL, _CODE, "Reason for residence. 居住事由", codes=codes.RegistrationReason, locates=False
    )


@strawberry.type(description="A residence permit. 居住证")
class ResidencePermit:
    """Police; Decree 663 Art. 9 and 10."""

    number: str | None = held(_IDENTIFIER, _TEXT, "Number. 证号", mask=Mask.DIGITS)
    issued_on: PartialDate | None = held(_BASIC, _DATE, "Issued on. 签发日期", mask=Mask.YEAR)
    valid_until: PartialDate | None = held(_BASIC, _DATE, "Valid until. 有效期至", mask=Mask.YEAR)
    endorsed_on: PartialDate | None = held(_BASIC, _DATE, "Endorsed on. 签注日期", mask=Mask.YEAR)
    status: codes.PermitStatus | None = held(_BASIC, _CODE, "Status. 状态", codes=codes.PermitStatus)


@strawberry.type(description="What police hold about a migrant. 公安机关所持信息")
class PoliceRecord:
    """Police's part of the migrant."""

    residence_registrations: list[ResidenceRegistration] | None = records(
        "police.residence_registrations", "Registrations of residence. 居住登记"
    )
    residence_permits: list[ResidencePermit] | None = records("police.residence_permits", "Residence permits. 居住证")


@strawberry.type(description="A marriage registration. 婚姻登记")
class MarriageRegistration:
    """Civil affairs; Decree 804."""

    status: codes.MarriageRegistrationStatus | None = held(
        _FAMILY, _CODE, "Status. 登记状态", codes=codes.MarriageRegistrationStatus, locates=False
    )
    registered_on: PartialDate | None = held(_FAMILY, _DATE, "Registered on. 登记日期", locates=False)
    authority: str | None = held(_FAMILY, _TEXT, "Registering authority. 登记机关")
    spouse: PersonRef | None = held(
        _FAMILY,
        _TEXT,
        "The spouse's masked name. 配偶",
        locates=False,
        mask=Mask.NAME,
        column="spouse_name",
        ceiling=Decision.MASK,
    )


@strawberry.type(description="Social assistance. 社会救助")
class SocialAssistance:
    """Civil affairs; rows of illness and disability programmes are HEALTH."""

    programme: codes.AssistanceProgramme | None = held(
        _FINANCIAL, _CODE, "Programme. 救助项目", codes=codes.AssistanceProgramme
    )
    status: codes.AssistanceStatus | None = held(_FINANCIAL, _CODE, "Status. 状态", codes=codes.AssistanceStatus)
    since: PartialDate | None = held(_FINANCIAL, _DATE, "Since. 开始日期")
    until: PartialDate | None = held(_FINANCIAL, _DATE, "Until. 结束日期")
    monthly_amount: Amount | None = held(
        _FINANCIAL, ColumnType.DECIMAL, "Amount per month. 月发放金额", mask=Mask.AMOUNT
    )


@strawberry.type(description="What civil affairs hold about a migrant. 民政部门所持信息")
class CivilAffairsRecord:
    """Civil affairs' part of the migrant. Guardianships are input of a check only, never returned."""

    marriage_registrations: list[MarriageRegistration] | None = records(
        "civil_affairs.marriage_registrations", "Marriage registrations. 婚姻登记"
    )
    social_assistances: list[SocialAssistance] | None = records(
        "civil_affairs.social_assistances", "Social assistance. 社会救助"
    )


@strawberry.type(description="An employment. 就业登记")
class Employment:
    """Human resources; other departments see the current row only (DESIGN R5)."""

    employer_name: str | None = held(_PERSONAL, _TEXT, "Employer. 用人单位")
    employer_uscc: str | None = held(_PERSONAL, _TEXT, "Employer's unified social credit code. 统一社会信用代码")
    occupation: codes.Occupation | None = held(_PERSONAL, _CODE, "Occupation. 职业", codes=codes.Occupation)
    contract_kind: codes.ContractKind | None = held(
        _PERSONAL, _CODE, "Kind of contract. 合同类型", codes=codes.ContractKind
    )
    started_on: PartialDate | None = held(_PERSONAL, _DATE, "Started on. 起始日期")
    ended_on: PartialDate | None = held(_PERSONAL, _DATE, "Ended on. 终止日期")


@strawberry.type(description="Membership of one social insurance. 社会保险")
class SocialInsurance:
    """Human resources; medical and maternity rows leave only to the person (DOMAIN section 3)."""

    kind: codes.InsuranceKind | None = held(_FINANCIAL, _CODE, "Insurance. 险种", codes=codes.InsuranceKind)
    status: codes.InsuranceStatus | None = held(_FINANCIAL, _CODE, "Status. 参保状态", codes=codes.InsuranceStatus)
    months_paid: int | None = held(_FINANCIAL, ColumnType.INTEGER, "Months paid. 累计缴费月数")
    last_paid_month: Month | None = held(_FINANCIAL, ColumnType.MONTH, "Last month paid. 最近缴费月份")
    contribution_base: Amount | None = held(
        _FINANCIAL, ColumnType.DECIMAL, "Contribution base. 缴费基数", mask=Mask.AMOUNT
    )


@strawberry.type(description="What human resources hold about a migrant. 人力资源社会保障部门所持信息")
class HumanResourcesRecord:
    """Human resources' part of the migrant."""

    employments: list[Employment] | None = records("human_resources.employments", "Employments. 就业登记")
    social_insurances: list[SocialInsurance] | None = records(
        "human_resources.social_insurances", "Social insurances. 社会保险"
    )


@strawberry.type(description="Enrolment with a health institution. 健康建档")
class HealthEnrolment:
    """Health."""

    institution: str | None = held(_HEALTH, _TEXT, "Institution. 机构")
    enrolled_on: PartialDate | None = held(_HEALTH, _DATE, "Enrolled on. 建档日期", locates=False)
    status: codes.HealthEnrolmentStatus | None = held(
        _HEALTH, _CODE, "Status. 状态", codes=codes.HealthEnrolmentStatus, locates=False
    )


@strawberry.type(description="A vaccination given. 预防接种")
class Immunisation:
    """Health."""

    vaccine: codes.Vaccine | None = held(_HEALTH, _CODE, "Vaccine. 疫苗", codes=codes.Vaccine, locates=False)
    dose: int | None = held(_HEALTH, ColumnType.INTEGER, "Dose number. 剂次", locates=False)
    given_on: PartialDate | None = held(_HEALTH, _DATE, "Given on. 接种日期", locates=False)
    institution: str | None = held(_HEALTH, _TEXT, "Institution. 接种单位")


@strawberry.type(description="A basic public health service given. 基本公共卫生服务")
class HealthService:
    """Health."""

    item: codes.HealthServiceItem | None = held(
        _HEALTH, _CODE, "Item. 项目", codes=codes.HealthServiceItem, locates=False
    )
    provided_on: PartialDate | None = held(_HEALTH, _DATE, "Provided on. 服务日期", locates=False)
    institution: str | None = held(_HEALTH, _TEXT, "Institution. 机构")
    free: bool | None = held(_HEALTH, ColumnType.BOOLEAN, "Free of charge. 是否免费", locates=False)


@strawberry.type(description="A maternity service given; to the person and a treating institution only. 孕产服务")
class MaternityService:
    """Mapped by health's own slice only; here there are no rows (DESIGN R2)."""

    item: codes.MaternityServiceItem | None = held(_REPRODUCTIVE, _CODE, "Item. 项目", codes=codes.MaternityServiceItem)
    provided_on: PartialDate | None = held(_REPRODUCTIVE, _DATE, "Provided on. 服务日期")
    institution: str | None = held(_REPRODUCTIVE, _TEXT, "Institution. 机构")


@strawberry.type(description="What health institutions hold about a migrant. 卫生健康部门所持信息")
class HealthRecord:
    """Health's part of the migrant."""

    enrolments: list[HealthEnrolment] | None = records("health.enrolments", "Enrolments. 健康建档")
    immunisations: list[Immunisation] | None = records("health.immunisations", "Vaccinations. 预防接种")
    services: list[HealthService] | None = records("health.services", "Public health services. 基本公共卫生服务")
    maternity_services: list[MaternityService] | None = records(
        "health.maternity_services", "Maternity services. 孕产服务"
    )


@strawberry.type(description="A market entity the person stands behind. 市场主体登记")
class BusinessLicence:
    """Business registration (market regulation)."""

    uscc: str | None = held(_PUBLIC, _TEXT, "Unified social credit code. 统一社会信用代码")
    name: str | None = held(_PUBLIC, _TEXT, "Name of the entity. 名称")
    kind: codes.LicenceKind | None = held(_PUBLIC, _CODE, "Kind. 类型", codes=codes.LicenceKind)
    status: codes.LicenceStatus | None = held(_PUBLIC, _CODE, "Status. 登记状态", codes=codes.LicenceStatus)
    registered_on: PartialDate | None = held(_PUBLIC, _DATE, "Registered on. 成立日期")
    role: codes.LicenceRole | None = held(_PERSONAL, _CODE, "Role of the person. 任职", codes=codes.LicenceRole)
    premises: Division | None = held(
        _BASIC,
        ColumnType.DIVISION,
        "Division of the premises. 经营场所区划",
        mask=Mask.COUNTY,
        column="premises_division",
    )


@strawberry.type(description="What market regulation holds about a migrant. 市场监督管理部门所持信息")
class BusinessRecord:
    """Business registration's part of the migrant."""

    licences: list[BusinessLicence] | None = records("business.licences", "Business licences. 营业执照")
