"""JSON from outsiders, read with no room for two readings of one text.

RFC 8259 section 4 leaves duplicate names to the reader, and Python's own reader takes the last one and
also accepts NaN, other encodings and byte order marks. A token read differently by two programs is a
way around one of them, so everything ambiguous is refused.
"""

import json
from typing import NoReturn

__all__ = ["JsonObject", "StrictJsonError", "parse_object"]

JsonObject = dict[str, object]
"""A parsed JSON object; values are str, int, float, bool, None, list or again such an object."""


class StrictJsonError(ValueError):
    """The text is not one unambiguous JSON object; the message never quotes it."""


def parse_object(text: bytes) -> JsonObject:
    """The one JSON object in `text` (UTF-8).

    Raises StrictJsonError for: another encoding, a byte order mark, a name given twice in any object,
    NaN or Infinity, integers beyond Python's digit limit, nesting beyond the interpreter's, lone text
    around the object, or any value but an object.
    """
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise StrictJsonError("not one unambiguous JSON object") from None
    if not isinstance(value, dict):
        raise StrictJsonError("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, object]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise StrictJsonError("a name is given twice")
    return result


def _refuse_constant(_: str) -> NoReturn:
    raise StrictJsonError("not a JSON number")
