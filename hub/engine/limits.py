"""How large a request may be. Every bound is counted before the costly step it protects."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`length` in characters, `depth` in nested selection sets (fragments and inline fragments count), `fields`
    after fragments are expanded (aliases count), `roots` as root fields, `page` as `first` of a listing.

    `fragments` as definitions: validation compares them in pairs, and 400 of them take it seconds."""

    length: int = 16_384
    tokens: int = 4_000
    depth: int = 20
    fields: int = 500
    fragments: int = 100
    roots: int = 20
    page: int = 1_000
