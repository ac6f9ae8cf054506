"""Identifier types that must never be mixed (STYLE, "types carry the meaning")."""

from typing import NewType
from uuid import UUID

__all__ = ["CollectionName", "FieldId", "MigrantId", "SectorId", "SourceKey"]

MigrantId = NewType("MigrantId", UUID)
"""The hub's own random UUIDv7 of a migrant; never leaves the hub."""

SectorId = NewType("SectorId", str)
"""A migrant's id as one department sees it; base64url, AES-SIV sealed."""

SourceKey = NewType("SourceKey", str)
"""The key of a person in one source."""

CollectionName = NewType("CollectionName", str)
"""`<source with underscores>.<records>`, for example `police.residence_registrations`."""

FieldId = NewType("FieldId", str)
"""GraphQL schema coordinate, for example `Employment.employerName`."""
