"""The one collection of the hub's tables; each capability declares its own on it."""

from sqlalchemy import MetaData

__all__ = ["METADATA"]

METADATA = MetaData()
