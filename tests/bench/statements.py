"""What the programs beside the hub send to the same databases, and what they make of codes and names."""

from typing import Final

from schema.identity import display_name

__all__ = [
    "BY_DIVISION",
    "BY_ID",
    "CURRENT",
    "EVERYTHING",
    "HUKOU_KINDS",
    "KEYS",
    "SEXES",
    "after_prefix",
    "clean_name",
]

KEYS: Final = ("police", "civil_affairs", "human_resources", "health", "business")
_ODD_IN_NAMES: Final = frozenset(" \t\r\n\u3000\u00a0\u2022\u30fb\u2027\u22c5\uff65")
SEXES: Final = {"1": "MALE", "2": "FEMALE", "0": "UNKNOWN", "9": "NOT_STATED"}
HUKOU_KINDS: Final = {"01": "FAMILY", "02": "COLLECTIVE", "11": "AGRICULTURAL", "12": "NON_AGRICULTURAL"}

BY_ID: Final = """
SELECT sector_id, police, civil_affairs, human_resources, health, business FROM crosswalk WHERE sector_id = ANY($1)
"""
BY_DIVISION: Final = """
SELECT sector_id, police, civil_affairs, human_resources, health, business FROM crosswalk
WHERE county >= $1 AND county < $2 AND sector_id > $3 ORDER BY sector_id LIMIT $4
"""
_POLICE: Final = """
SELECT rybh, xm, xb, csrq, zjhm, hj_qx, hklb, jz_xzqh, jz_dz, jz_qsrq FROM gx.v_ryxx WHERE rybh = ANY($1)
"""
CURRENT: Final = {
    "police": _POLICE,
    "civil_affairs": """
SELECT DISTINCT ON (source_key) source_key, status, registered_on, authority FROM marriage_registrations
WHERE source_key = ANY($1) ORDER BY source_key, registered_on DESC NULLS LAST, row_number DESC
""",
    "human_resources": """
SELECT DISTINCT ON (source_key) source_key, employer_name, occupation, contract_kind, started_on FROM employments
WHERE source_key = ANY($1) AND ended_on IS NULL ORDER BY source_key, started_on DESC NULLS LAST, row_number DESC
""",
    "health": """
SELECT source_key, institution, enrolled_on, status FROM enrolments
WHERE source_key = ANY($1) AND status = 'ENROLLED' ORDER BY row_number
""",
    "business": """
SELECT source_key, uscc, name, kind, status, registered_on, role FROM licences
WHERE source_key = ANY($1) AND status = 'ACTIVE' ORDER BY row_number
""",
}
"""What a department may have of others': the current rows."""

EVERYTHING: Final = {
    "police": _POLICE,
    "civil_affairs": """
SELECT source_key, status, registered_on, authority FROM marriage_registrations
WHERE source_key = ANY($1) ORDER BY registered_on DESC, row_number DESC
""",
    "human_resources": """
SELECT source_key, employer_name, occupation, contract_kind, started_on FROM employments
WHERE source_key = ANY($1) ORDER BY started_on DESC, row_number DESC
""",
    "health": """
SELECT source_key, institution, enrolled_on, status FROM enrolments WHERE source_key = ANY($1) ORDER BY row_number
""",
    "business": """
SELECT source_key, uscc, name, kind, status, registered_on, role FROM licences
WHERE source_key = ANY($1) ORDER BY row_number
""",
}
"""What the person sees: all rows."""


def clean_name(name: str | None) -> str | None:
    """One separator, no odd spaces; most names need nothing."""
    return name if name is None or _ODD_IN_NAMES.isdisjoint(name) else display_name(name)


def after_prefix(division: str) -> str:
    """The first text behind all that begin with these digits."""
    return division[:-1] + chr(ord(division[-1]) + 1)
