"""Values that must never show in an error or a log line."""

import logging
import traceback

import pytest

from connectors.contract import RowFilter
from schema.errors import SourceError
from schema.ids import SourceKey
from tests.connectors.town import PERSONS

__all__ = ["CANARY", "CANARY_KEY", "ask", "assert_silent"]

CANARY = "金丝雀341225199005120013"
CANARY_KEY = SourceKey("K-金丝雀-7")


async def ask(connector: object) -> SourceError:
    """Fetch under a canary key from a source that must fail; the error."""
    with pytest.raises(SourceError) as caught:
        await connector.fetch(PERSONS.name, [CANARY_KEY], ["name"], RowFilter())  # type: ignore[attr-defined]
    return caught.value


def assert_silent(error: BaseException, log: pytest.LogCaptureFixture) -> None:
    """Neither the error, nor what it hangs on, nor the log at any level names a canary or a statement."""
    said = [str(error), repr(error), *traceback.format_exception(error)]
    chained = [error.__cause__, error.__context__]
    assert chained == [None, None]
    said += [logging.Formatter().format(record) for record in log.records]
    for text in said:
        assert "金丝雀" not in text
        assert "34122519900512" not in text
        assert "SELECT" not in text
