"""Time: instants in UTC, days in the city's time zone (China Standard Time, UTC+8, no summer time)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

__all__ = ["CITY_TIME", "Clock", "day_of", "now"]

CITY_TIME: Final = timezone(timedelta(hours=8))
Clock = Callable[[], datetime]


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def day_of(instant: datetime) -> date:
    """The day an instant falls on in the city."""
    return instant.astimezone(CITY_TIME).date()
