"""Which fields a document asks for."""

import pytest

from privacy.fieldset import field_set, is_listing
from schema.errors import ClientError, ErrorCode

ONE = "query ($id: ID!) { migrant(id: $id) { name } }"


def test_finds_fields_wherever_they_stand() -> None:
    """Aliases, fragments, directives and nested objects all count, under their schema coordinates."""
    document = """
    query ($id: ID!, $more: Boolean!) {
      migrant(id: $id) { n: name ...Place ... on Migrant { police { residencePermits { status } } } }
    }
    fragment Place on Migrant {
      residence { division { code name } } checks @include(if: $more) { permitValid { answer } }
      civilAffairs { marriageRegistrations { spouse { name } } }
    }
    """
    assert field_set(document) == {
        "Migrant.name",
        "Residence.division",
        "ResidencePermit.status",
        "MarriageRegistration.spouse",
        "Checks.permitValid",
    }


def test_id_and_page_information_are_no_fields() -> None:
    """What is not held in a source is not in the set."""
    assert field_set("query ($d: String!) { migrants(division: $d) { pageInfo { endCursor } nodes { id } } }") == set()


@pytest.mark.parametrize(
    ("document", "listing"),
    [
        (ONE, False),
        ("{ me { name } }", False),
        ("query ($d: String!) { migrants(division: $d) { nodes { id } } }", True),
        ("query ($a: ID!, $b: ID!) { a: migrant(id: $a) { id } b: migrant(id: $b) { id } }", True),
        ("query ($a: ID!) { ...Q } fragment Q on Query { a: migrant(id: $a) { id } b: migrant(id: $a) { id } }", True),
    ],
)
def test_listing_asks_about_several(document: str, listing: bool) -> None:
    """A page, or several persons under aliases, is a listing."""
    assert is_listing(document) is listing


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("query {", ErrorCode.DOCUMENT_SYNTAX),
        ("{ me { salary } }", ErrorCode.DOCUMENT_INVALID),
        ("{ " + "me { name } " * 2000 + "}", ErrorCode.DOCUMENT_SYNTAX),
    ],
)
def test_bad_document_is_refused(document: str, code: ErrorCode) -> None:
    """A document that does not parse, does not fit the schema or never ends is refused with a code."""
    with pytest.raises(ClientError) as caught:
        field_set(document)
    assert caught.value.code is code
