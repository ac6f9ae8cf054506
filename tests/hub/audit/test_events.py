"""The catalogue of events: complete, documented, and the only details there are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.events import EVENTS, Event, check_event
from hub.audit.model import Record
from schema.errors import InternalError

PAGE = Path(__file__).parents[3] / "docs" / "audit-events.md"


def test_every_event_has_its_kind() -> None:
    """Every event is explained in both languages, with its details in order."""
    assert set(EVENTS) == set(Event)
    for kind in EVENTS.values():
        assert kind.english
        assert kind.chinese
        assert list(kind.details) == sorted(set(kind.details))


def test_page_is_the_catalogue() -> None:
    """The table in docs/audit-events.md is the catalogue, row for row."""
    rows = [
        f"| `{event}` | {kind.english} | {kind.chinese} | {', '.join(f'`{key}`' for key in kind.details) or '–'} |"
        for event, kind in EVENTS.items()
    ]
    events, _, _ = PAGE.read_text(encoding="utf-8").partition("## Fields")
    table = [line for line in events.splitlines() if line.startswith("| `")]
    assert table == rows


def test_unknown_events_and_details_are_refused(new_record: Callable[..., Record]) -> None:
    """A record with an event or a detail outside the catalogue is refused, without repeating its values."""
    check_event(new_record(event="denial", detail={"code": "BUSY", "count": "3"}))
    with pytest.raises(InternalError):
        check_event(new_record(event="gossip"))
    with pytest.raises(InternalError) as caught:
        check_event(new_record(event="denial", detail={"name": "Zhang San"}))
    assert "Zhang" not in str(caught.value)
