"""The tables of a city directory: one file `<department>/<table>.tsv` each, columns in this order.

Rows are in PostgreSQL's COPY text form: tab between cells, `\\N` for nothing; no cell holds a tab, line end or
backslash. This module imports nothing, so that the services that read a city start fast.
"""

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["NOTHING", "TABLES", "cells_of", "line_of"]

NOTHING: Final = "\\N"

TABLES: Final[Mapping[str, Sequence[str]]] = {
    "police/persons": (
        "rybh", "xm", "xb", "csrq", "zjlx", "zjhm", "hj_qx", "hj_xzqh", "hklb", "jz_qx", "jz_xzqh", "jz_dz",
        "jz_qsrq", "mz", "lxdh", "gxsj",
    ),
    "police/residence_registrations": (
        "djbh", "rybh", "xzqh", "dz", "fwlx", "djrq", "njrq", "zxrq", "jzsy", "fdxm", "fdlxdh",
    ),
    "police/residence_permits": ("jzzh", "rybh", "qfrq", "yxqz", "qzrq", "zt"),
    "civil-affairs/persons": (
        "renyuan_id", "xingming", "xingbie", "chusheng_riqi", "zhengjian_leixing", "zhengjian_haoma",
        "hunyin_zhuangkuang", "lianxi_dianhua", "gengxin_riqi",
    ),
    "civil-affairs/marriage_registrations": (
        "dengji_id", "renyuan_id", "dengji_leixing", "dengji_riqi", "dengji_jiguan", "peiou_xingming",
        "peiou_renyuan_id",
    ),
    "civil-affairs/guardianships": (
        "jianhu_id", "jianhuren_id", "beijianhuren_id", "guanxi", "qishi_riqi", "zhongzhi_riqi",
    ),
    "civil-affairs/social_assistances": (
        "jiuzhu_id", "renyuan_id", "xiangmu", "zhuangtai", "kaishi_riqi", "jieshu_riqi", "yue_jine",
    ),
    "human-resources/persons": (
        "人员编号", "姓名", "性别", "出生日期", "证件类型", "证件号码", "联系电话", "更新日期",
    ),
    "human-resources/employments": (
        "登记流水号", "人员编号", "单位名称", "统一社会信用代码", "职业代码", "合同类型", "就业日期", "离职日期",
    ),
    "human-resources/social_insurances": (
        "人员编号", "险种", "参保状态", "累计缴费月数", "最后缴费年月", "缴费基数",
    ),
    "health/patients": ("cardNumber", "fullName", "gender", "birthTime", "idType", "idNo"),
    "health/enrolments": ("cardNumber", "orgName", "enrolledAt", "state"),
    "health/immunisations": ("cardNumber", "vaccineCode", "doseNo", "givenAt", "orgName"),
    "health/services": ("cardNumber", "itemCode", "providedAt", "orgName", "freeOfCharge"),
    "health/maternityServices": ("cardNumber", "itemCode", "providedAt", "orgName"),
    "business/persons": ("sourceKey", "fullName", "dateOfBirth", "documentType", "documentNumber"),
    "business/licences": (
        "sourceKey", "creditCode", "entityName", "entityType", "registrationState", "registeredDate", "personRole",
        "premisesCode",
    ),
}  # fmt: skip
"""`<department>/<table>` to its columns."""


def line_of(cells: Sequence[str | None]) -> str:
    """A row as one line, without its end."""
    return "\t".join([NOTHING if cell is None else cell for cell in cells])


def cells_of(line: str) -> list[str | None]:
    """The cells of a line, with or without its end."""
    return [None if cell == NOTHING else cell for cell in line.rstrip("\n").split("\t")]
