"""Drivers write addresses, statements, parameters and tokens into their logs; here they are told not to."""

import logging
from typing import Final

__all__ = ["quiet_drivers"]

_TALKATIVE: Final = ("aiosqlite", "asyncmy", "asyncpg", "httpcore", "httpx", "sqlalchemy")


def quiet_drivers() -> None:
    """Let drivers log warnings only, whatever level the rest of the program logs at."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
