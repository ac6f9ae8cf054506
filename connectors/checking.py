"""Checks computed beside the source: rows go in, one answer comes out, and the rows are forgotten."""

from collections.abc import Sequence

from connectors.contract import NEVER_KEY, Checked, CheckRequest, Connector, RowFilter
from schema.checks import CHECKS, evaluate
from schema.ids import SourceKey
from schema.vocabulary import Answer

__all__ = ["check_rows"]


async def check_rows(connector: Connector, request: CheckRequest, keys: Sequence[SourceKey]) -> Checked:
    """One answer per key from one fetch of the columns the check declares.

    A key that is unknown or NEVER_KEY is answered UNKNOWN. Raises ValueError for a check of another source.
    """
    info = CHECKS.get(request.name)
    if info is None or info.source is not connector.source:
        raise ValueError(f"check {request.name} does not belong to source {connector.source}")
    fetched = await connector.fetch(info.collection, keys, info.columns, RowFilter())
    answers: dict[SourceKey, Answer] = {NEVER_KEY: Answer.UNKNOWN}
    for key, rows in zip(keys, fetched.rows, strict=True):
        if key not in answers:
            answers[key] = evaluate(request.name, rows, request.arguments, request.today)
    return Checked([answers[key] for key in keys], fetched.as_of)
