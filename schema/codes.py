"""Code lists. Member names are the values of the API; descriptions carry the standard's code and Chinese name.

Sources: GB/T 2261.1, GB/T 2261.2, GB/T 3304, GB/T 6565 (DOMAIN section 8). Department systems use their own codes;
mapping files translate. `ETHNIC_GROUPS` lists GB/T 3304 codes 01–56.
"""

from enum import Enum
from typing import Final

import strawberry
from strawberry import enum_value

__all__ = [
    "ETHNIC_GROUPS",
    "AssistanceProgramme",
    "AssistanceStatus",
    "ContractKind",
    "DocumentKind",
    "DwellingKind",
    "HealthEnrolmentStatus",
    "HealthServiceItem",
    "HukouKind",
    "InsuranceKind",
    "InsuranceStatus",
    "LicenceKind",
    "LicenceRole",
    "LicenceStatus",
    "MaritalStatus",
    "MarriageRegistrationStatus",
    "MaternityServiceItem",
    "Occupation",
    "PermitStatus",
    "RegistrationReason",
    "Sex",
    "Vaccine",
]


@strawberry.enum(description="GB/T 2261.1 性别")
class Sex(Enum):
    """GB/T 2261.1 性别."""

    UNKNOWN = enum_value("UNKNOWN", description="0 未知")
    MALE = enum_value("MALE", description="1 男")
    FEMALE = enum_value("FEMALE", description="2 女")
    NOT_STATED = enum_value("NOT_STATED", description="9 未说明")


@strawberry.enum(description="GB/T 2261.2 婚姻状况")
class MaritalStatus(Enum):
    """GB/T 2261.2 婚姻状况."""

    UNMARRIED = enum_value("UNMARRIED", description="10 未婚")
    MARRIED = enum_value("MARRIED", description="20 已婚")
    FIRST_MARRIAGE = enum_value("FIRST_MARRIAGE", description="21 初婚")
    REMARRIED = enum_value("REMARRIED", description="22 再婚")
    REUNITED = enum_value("REUNITED", description="23 复婚")
    WIDOWED = enum_value("WIDOWED", description="30 丧偶")
    DIVORCED = enum_value("DIVORCED", description="40 离婚")
    NOT_STATED = enum_value("NOT_STATED", description="90 未说明")


@strawberry.enum(description="Kinds of identity document 证件种类")
class DocumentKind(Enum):
    """Kinds of identity document 证件种类."""

    RESIDENT_ID = enum_value("RESIDENT_ID", description="居民身份证")
    HMT_RESIDENCE_PERMIT = enum_value("HMT_RESIDENCE_PERMIT", description="港澳台居民居住证")
    FOREIGN_PERMANENT_RESIDENT = enum_value("FOREIGN_PERMANENT_RESIDENT", description="外国人永久居留身份证")
    PASSPORT = enum_value("PASSPORT", description="护照")
    HMT_TRAVEL_PERMIT = enum_value("HMT_TRAVEL_PERMIT", description="港澳居民来往内地通行证、台湾居民来往大陆通行证")


@strawberry.enum(description="Kinds of household registration 户口类别")
class HukouKind(Enum):
    """Kinds of household registration 户口类别."""

    FAMILY = enum_value("FAMILY", description="家庭户")
    COLLECTIVE = enum_value("COLLECTIVE", description="集体户")
    AGRICULTURAL = enum_value("AGRICULTURAL", description="农业（旧）")
    NON_AGRICULTURAL = enum_value("NON_AGRICULTURAL", description="非农业（旧）")


@strawberry.enum(description="Kinds of dwelling 住所类别")
class DwellingKind(Enum):
    """Kinds of dwelling 住所类别."""

    RENTED = enum_value("RENTED", description="租赁房屋")
    OWNED = enum_value("OWNED", description="自购房屋")
    DORMITORY = enum_value("DORMITORY", description="单位宿舍")
    CONSTRUCTION_SITE = enum_value("CONSTRUCTION_SITE", description="工地")
    WITH_RELATIVES = enum_value("WITH_RELATIVES", description="投靠亲友")
    OTHER = enum_value("OTHER", description="其他")


@strawberry.enum(description="Reasons for residence 居住事由")
class RegistrationReason(Enum):
    """Reasons for residence 居住事由."""

    WORK = enum_value("WORK", description="务工")
    BUSINESS = enum_value("BUSINESS", description="经商")
    STUDY = enum_value("STUDY", description="学习")
    FAMILY = enum_value("FAMILY", description="投靠亲属")
    MEDICAL = enum_value("MEDICAL", description="就医")
    OTHER = enum_value("OTHER", description="其他")


@strawberry.enum(description="States of a residence permit 居住证状态")
class PermitStatus(Enum):
    """States of a residence permit 居住证状态."""

    VALID = enum_value("VALID", description="有效")
    SUSPENDED = enum_value("SUSPENDED", description="使用功能中止")
    CANCELLED = enum_value("CANCELLED", description="注销")


@strawberry.enum(description="States of a marriage registration 婚姻登记状态")
class MarriageRegistrationStatus(Enum):
    """States of a marriage registration 婚姻登记状态."""

    MARRIED = enum_value("MARRIED", description="结婚登记")
    DIVORCED = enum_value("DIVORCED", description="离婚登记")
    ANNULLED = enum_value("ANNULLED", description="撤销")


@strawberry.enum(description="Social assistance programmes 救助项目")
class AssistanceProgramme(Enum):
    """Social assistance programmes 救助项目."""

    SUBSISTENCE = enum_value("SUBSISTENCE", description="最低生活保障")
    TEMPORARY = enum_value("TEMPORARY", description="临时救助")
    HOUSING = enum_value("HOUSING", description="住房救助")
    EDUCATION = enum_value("EDUCATION", description="教育救助")
    ILLNESS = enum_value("ILLNESS", description="医疗救助")
    DISABILITY = enum_value("DISABILITY", description="残疾人补贴")


@strawberry.enum(description="States of social assistance 救助状态")
class AssistanceStatus(Enum):
    """States of social assistance 救助状态."""

    ACTIVE = enum_value("ACTIVE", description="享受中")
    ENDED = enum_value("ENDED", description="已停发")


@strawberry.enum(description="GB/T 6565 职业大类")
class Occupation(Enum):
    """GB/T 6565 职业大类."""

    MANAGER = enum_value("MANAGER", description="1 负责人")
    PROFESSIONAL = enum_value("PROFESSIONAL", description="2 专业技术人员")
    CLERK = enum_value("CLERK", description="3 办事人员")
    SERVICE = enum_value("SERVICE", description="4 社会生产服务和生活服务人员")
    AGRICULTURE = enum_value("AGRICULTURE", description="5 农林牧渔业生产人员")
    MANUFACTURING = enum_value("MANUFACTURING", description="6 生产制造人员")
    OTHER = enum_value("OTHER", description="8 不便分类的其他从业人员")


@strawberry.enum(description="Kinds of labour contract 合同类型")
class ContractKind(Enum):
    """Kinds of labour contract 合同类型."""

    FIXED_TERM = enum_value("FIXED_TERM", description="固定期限")
    OPEN_ENDED = enum_value("OPEN_ENDED", description="无固定期限")
    TASK = enum_value("TASK", description="以完成一定工作任务为期限")
    PART_TIME = enum_value("PART_TIME", description="非全日制")
    DISPATCH = enum_value("DISPATCH", description="劳务派遣")


@strawberry.enum(description="Kinds of social insurance 险种")
class InsuranceKind(Enum):
    """Kinds of social insurance 险种."""

    PENSION = enum_value("PENSION", description="养老保险")
    UNEMPLOYMENT = enum_value("UNEMPLOYMENT", description="失业保险")
    INJURY = enum_value("INJURY", description="工伤保险")
    MEDICAL = enum_value("MEDICAL", description="医疗保险")
    MATERNITY = enum_value("MATERNITY", description="生育保险")


@strawberry.enum(description="States of insurance 参保状态")
class InsuranceStatus(Enum):
    """States of insurance 参保状态."""

    PAYING = enum_value("PAYING", description="正常参保")
    SUSPENDED = enum_value("SUSPENDED", description="暂停缴费")
    ENDED = enum_value("ENDED", description="终止参保")


@strawberry.enum(description="States of enrolment with a health institution 建档状态")
class HealthEnrolmentStatus(Enum):
    """States of enrolment with a health institution 建档状态."""

    ENROLLED = enum_value("ENROLLED", description="在管")
    ENDED = enum_value("ENDED", description="结案")


@strawberry.enum(description="National immunisation programme 免疫规划疫苗")
class Vaccine(Enum):
    """National immunisation programme 免疫规划疫苗."""

    HEPATITIS_B = enum_value("HEPATITIS_B", description="乙肝疫苗")
    BCG = enum_value("BCG", description="卡介苗")
    POLIO = enum_value("POLIO", description="脊灰疫苗")
    DTP = enum_value("DTP", description="百白破疫苗")
    MMR = enum_value("MMR", description="麻腮风疫苗")
    JAPANESE_ENCEPHALITIS = enum_value("JAPANESE_ENCEPHALITIS", description="乙脑疫苗")
    MENINGOCOCCAL = enum_value("MENINGOCOCCAL", description="流脑疫苗")
    HEPATITIS_A = enum_value("HEPATITIS_A", description="甲肝疫苗")


@strawberry.enum(description="Basic public health services 基本公共卫生服务项目")
class HealthServiceItem(Enum):
    """Basic public health services 基本公共卫生服务项目."""

    HEALTH_RECORD = enum_value("HEALTH_RECORD", description="居民健康档案")
    CHECK_UP = enum_value("CHECK_UP", description="健康体检")
    HEALTH_EDUCATION = enum_value("HEALTH_EDUCATION", description="健康教育")
    CHRONIC_DISEASE = enum_value("CHRONIC_DISEASE", description="慢性病管理")
    TUBERCULOSIS = enum_value("TUBERCULOSIS", description="结核病健康管理")
    CHILD_HEALTH = enum_value("CHILD_HEALTH", description="儿童健康管理")


@strawberry.enum(description="Maternity services 孕产妇服务项目")
class MaternityServiceItem(Enum):
    """Maternity services 孕产妇服务项目."""

    ANTENATAL = enum_value("ANTENATAL", description="产前服务")
    DELIVERY = enum_value("DELIVERY", description="分娩服务")
    POSTNATAL = enum_value("POSTNATAL", description="产后服务")


@strawberry.enum(description="Kinds of market entity 市场主体类型")
class LicenceKind(Enum):
    """Kinds of market entity 市场主体类型."""

    SOLE_TRADER = enum_value("SOLE_TRADER", description="个体工商户")
    COMPANY = enum_value("COMPANY", description="公司")
    PARTNERSHIP = enum_value("PARTNERSHIP", description="合伙企业")
    COOPERATIVE = enum_value("COOPERATIVE", description="农民专业合作社")


@strawberry.enum(description="States of a business licence 登记状态")
class LicenceStatus(Enum):
    """States of a business licence 登记状态."""

    ACTIVE = enum_value("ACTIVE", description="存续")
    SUSPENDED = enum_value("SUSPENDED", description="歇业")
    CANCELLED = enum_value("CANCELLED", description="注销")
    REVOKED = enum_value("REVOKED", description="吊销")


@strawberry.enum(description="What the person is to the entity 任职")
class LicenceRole(Enum):
    """What the person is to the entity 任职."""

    OPERATOR = enum_value("OPERATOR", description="经营者")
    LEGAL_REPRESENTATIVE = enum_value("LEGAL_REPRESENTATIVE", description="法定代表人")
    INVESTOR = enum_value("INVESTOR", description="投资人")
    PARTNER = enum_value("PARTNER", description="合伙人")


ETHNIC_GROUPS: Final[dict[str, str]] = {
    "01": "汉族",
    "02": "蒙古族",
    "03": "回族",
    "04": "藏族",
    "05": "维吾尔族",
    "06": "苗族",
    "07": "彝族",
    "08": "壮族",
    "09": "布依族",
    "10": "朝鲜族",
    "11": "满族",
    "12": "侗族",
    "13": "瑶族",
    "14": "白族",
    "15": "土家族",
    "16": "哈尼族",
    "17": "哈萨克族",
    "18": "傣族",
    "19": "黎族",
    "20": "傈僳族",
    "21": "佤族",
    "22": "畲族",
    "23": "高山族",
    "24": "拉祜族",
    "25": "水族",
    "26": "东乡族",
    "27": "纳西族",
    "28": "景颇族",
    "29": "柯尔克孜族",
    "30": "土族",
    "31": "达斡尔族",
    "32": "仫佬族",
    "33": "羌族",
    "34": "布朗族",
    "35": "撒拉族",
    "36": "毛南族",
    "37": "仡佬族",
    "38": "锡伯族",
    "39": "阿昌族",
    "40": "普米族",
    "41": "塔吉克族",
    "42": "怒族",
    "43": "乌孜别克族",
    "44": "俄罗斯族",
    "45": "鄂温克族",
    "46": "德昂族",
    "47": "保安族",
    "48": "裕固族",
    "49": "京族",
    "50": "塔塔尔族",
    "51": "独龙族",
    "52": "鄂伦春族",
    "53": "赫哲族",
    "54": "门巴族",
    "55": "珞巴族",
    "56": "基诺族",
}
