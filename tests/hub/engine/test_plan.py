"""An operation compiled for one decision table."""

from hub.engine.plan import LocalRoot, PlannedRoot, compile_plan, is_planned, selected_roots
from schema.vocabulary import Decision, Source
from tests.hub.engine.desk import (
    MASK,
    READ,
    RESIDENT,
    SCHEMA,
    VERIFY,
    Rule,
    only,
    operation_of,
    plan_of,
    table_of,
)

MIXED = """
query($id: ID!, $d: String!, $p: String!) {
  kind: __typename
  b: migrant(id: $id) { name }
  preflight(document: $d, purpose: $p) { refused }
  a: migrant(id: $id) { sex }
}
"""


def test_roots_stand_in_response_order_by_kind() -> None:
    """Person-level roots are planned, the others run locally, each under its key."""
    plan = plan_of(MIXED, {})
    assert [(root.key, type(root)) for root in plan.roots] == [
        ("kind", LocalRoot),
        ("b", PlannedRoot),
        ("preflight", LocalRoot),
        ("a", PlannedRoot),
    ]
    assert [root.key for root in plan.planned] == ["b", "a"]
    assert [root.key for root in plan.local] == ["kind", "preflight"]


def test_roots_inside_fragments_are_roots() -> None:
    """An operation of nothing but fragments is compiled like any other."""
    document = "{ ...A ... on Query { me { name } } } fragment A on Query { me { sex } __typename }"
    plan = plan_of(document, {"Migrant.name": READ, "Migrant.sex": READ})
    assert [root.key for root in plan.roots] == ["me", "__typename"]
    assert sorted(plan.fields()[Decision.READ]) == ["Migrant.name", "Migrant.sex"]


def test_what_is_skipped_is_not_compiled() -> None:
    """A root or field that the switches leave out needs nothing and gets no marker."""
    document = "query($on: Boolean!) { me @include(if: $on) { name } other: me { id name @skip(if: $on) } }"
    assert [root.key for root in plan_of(document, {}, {"on": False}).roots] == ["other"]
    plan = plan_of(document, {}, {"on": True})
    assert plan.markers == ((("me", "name"), "WITHHELD"),)


def test_only_ids_tell_nothing() -> None:
    """Ids, type names and empty objects ask no source; one leaf or check does."""
    ids = "{ me { id __typename police { __typename } checks { __typename } hukou { __typename } } }"
    assert plan_of(ids, {}).planned[0].only_ids
    assert not plan_of("{ me { id name } }", {}).planned[0].only_ids
    assert not plan_of("{ me { checks { permitValid { __typename } } } }", {}).planned[0].only_ids


def test_markers_are_those_of_the_document() -> None:
    """One for each path that is empty for all or for some, none where every subject gets the same."""
    rules: dict[str, Rule] = {
        "Migrant.name": READ,
        "Migrant.sex": only(READ, RESIDENT),
        "Migrant.birthDate": lambda subject: READ if RESIDENT in subject else MASK,
        "Checks.employedNow": only(VERIFY, RESIDENT),
        "Employment.occupation": Decision.AGGREGATE,
    }
    document = """{ me {
      name s: sex birthDate idNumber
      humanResources { employments { occupation } }
      checks { employedNow { answer } permitValid { answer } }
    } }"""
    assert dict(plan_of(document, rules).markers) == {
        ("me", "s"): "CONDITIONAL",
        ("me", "birthDate"): "CONDITIONAL",
        ("me", "idNumber"): "WITHHELD",
        ("me", "humanResources", "employments", "occupation"): "WITHHELD",
        ("me", "checks", "employedNow"): "CONDITIONAL",
        ("me", "checks", "permitValid"): "WITHHELD",
    }


def test_markers_of_a_listing_have_no_index() -> None:
    """They name the path once, whoever is on the page."""
    document = '{ migrants(division: "3205") { nodes { name } edges { node { n: name } } } }'
    assert [path for path, _ in plan_of(document, {}).markers] == [
        ("migrants", "nodes", "name"),
        ("migrants", "edges", "node", "n"),
    ]


def test_fields_by_the_highest_decision_any_subject_could_get() -> None:
    """The record of a look-up lists the same fields for everybody."""
    rules: dict[str, Rule] = {
        "Migrant.name": only(READ, RESIDENT),
        "Migrant.sex": MASK,
        "Checks.employedNow": only(VERIFY, RESIDENT),
    }
    plan = plan_of("{ me { name sex idNumber checks { employedNow { answer } } } }", rules)
    assert plan.fields() == {
        Decision.READ: ("Migrant.name",),
        Decision.MASK: ("Migrant.sex",),
        Decision.VERIFY: ("Checks.employedNow",),
        Decision.WITHHOLD: ("Migrant.idNumber",),
    }


def test_sources_of_all_roots() -> None:
    """Every department that any root calls, once; none for a plan without planned roots."""
    rules: dict[str, Rule] = {"Migrant.name": READ, "Immunisation.vaccine": READ}
    plan = plan_of("{ a: me { name } b: me { name health { immunisations { vaccine } } } }", rules)
    assert plan.sources() == {Source.POLICE, Source.HEALTH}
    assert plan_of("{ __typename }", rules).sources() == frozenset()


def test_which_roots_lead_to_a_person() -> None:
    """Only the catalogue's planned fields do."""
    roots = selected_roots(SCHEMA, operation_of(MIXED), {})
    assert [is_planned(root) for root in roots] == [False, True, False, True]


def test_a_plan_of_a_named_operation() -> None:
    """Only the chosen operation of a document is compiled."""
    operation = operation_of("query A { me { name } } query B { me { sex } }", "B")
    plan = compile_plan(SCHEMA, operation, {}, table_of({}))
    assert [path for path, _ in plan.markers] == [("me", "sex")]
