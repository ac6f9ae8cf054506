"""Days are the city's."""

from datetime import UTC, date, datetime

from hub.clock import day_of, now


def test_a_day_begins_at_midnight_in_china() -> None:
    """At 16:00 UTC it is tomorrow."""
    assert day_of(datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 21)
    assert day_of(datetime(2026, 11, 21, 16, 0, tzinfo=UTC)) == date(2026, 11, 22)


def test_instants_are_utc() -> None:
    """The present has a time zone."""
    assert now().tzinfo is UTC
