"""The bench's three questions: 25 fields of five departments, about one migrant, a page of them, or oneself."""

from typing import Final

__all__ = ["ME", "ONE", "PAGE", "PAGE_SIZE"]

PAGE_SIZE: Final = 100

_FIELDS: Final = """
fragment FiveDepartments on Migrant {
  name
  sex
  birthDate
  idNumber
  hukou { county { code name } kind }
  residence { division { code name } address since }
  civilAffairs { marriageRegistrations { status registeredOn authority } }
  humanResources { employments { employerName occupation contractKind startedOn } }
  health { enrolments { institution enrolledOn status } }
  business { licences { uscc name kind status registeredOn role } }
}
"""

ONE: Final = "query One($id: ID!) { migrant(id: $id) { id ...FiveDepartments } }\n" + _FIELDS
"""Q1: a department looks one migrant up by the id it knows."""

PAGE: Final = (
    """\
query Page($division: String!, $first: Int!, $after: String) {
  migrants(division: $division, first: $first, after: $after) {
    nodes { id ...FiveDepartments }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _FIELDS
)
"""Q2: a department reads a page of a listing."""

ME: Final = "query Me { me { ...FiveDepartments } }\n" + _FIELDS
"""A person reads what is held about themselves, past rows included."""
