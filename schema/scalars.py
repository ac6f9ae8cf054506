"""Custom scalars. Values are rendered before they reach them, so they serialise as they are."""

from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

__all__ = ["Amount", "Month", "PartialDate", "SCALARS"]

PartialDate = NewType("PartialDate", str)
Amount = NewType("Amount", str)
Month = NewType("Month", str)

SCALARS: dict[object, ScalarDefinition] = {
    PartialDate: strawberry.scalar(
        name="PartialDate",
        description="ISO 8601 date (`1990-05-12`) or, where masked, the year alone (`1990`). 日期，脱敏时仅年份",
    ),
    Amount: strawberry.scalar(
        name="Amount",
        description="Yuan with two decimals (`5200.00`) or, where masked, a band (`3000-6000`). 金额，脱敏时为区间",
    ),
    Month: strawberry.scalar(name="Month", description="Year and month (`2026-09`). 年月"),
}
