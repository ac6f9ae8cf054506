"""CollectFields of the GraphQL specification, ahead of time."""

from collections.abc import Mapping

from hub.engine.measures import fragments_of
from hub.engine.selection import Collector
from tests.hub.engine.desk import SCHEMA, operation_of


def keys(document: str, switches: Mapping[str, bool] | None = None) -> list[str]:
    """Response keys of the fields selected on the first root, in order."""
    operation = operation_of(document)
    collector = Collector(fragments_of(operation.document), switches)
    query, migrant = SCHEMA.query_type, SCHEMA.type_map["Migrant"]
    assert query is not None
    (root, *_) = collector.collect(query, (operation.definition.selection_set,))
    return [one.key for one in collector.collect(migrant, root.selections)]  # type: ignore[arg-type]


def test_fields_stand_in_the_order_first_met() -> None:
    """A field met again merges into its first place."""
    assert keys("{ me { name ...F sex name } } fragment F on Migrant { birthDate sex id }") == [
        "name",
        "birthDate",
        "sex",
        "id",
    ]


def test_aliases_are_keys() -> None:
    """Two aliases of one field are two members of the answer."""
    assert keys("{ me { a: name b: name name } }") == ["a", "b", "name"]


def test_merged_fields_keep_all_their_selections() -> None:
    """What is selected below the same key in several places is collected together."""
    operation = operation_of("{ me { hukou { kind } } me { hukou { county { code } } hukou { kind } } }")
    collector = Collector({}, {})
    query = SCHEMA.query_type
    assert query is not None
    (me,) = collector.collect(query, (operation.definition.selection_set,))
    (hukou,) = collector.collect(SCHEMA.type_map["Migrant"], me.selections)  # type: ignore[arg-type]
    below = collector.collect(SCHEMA.type_map["Hukou"], hukou.selections)  # type: ignore[arg-type]
    assert [(one.key, len(one.nodes)) for one in below] == [("kind", 2), ("county", 1)]


def test_a_fragment_spread_twice_is_collected_once() -> None:
    """CollectFields visits each fragment once for a selection."""
    operation = operation_of("{ me { ...F ...F } } fragment F on Migrant { name }")
    collector = Collector(operation.fragments, {})
    query = SCHEMA.query_type
    assert query is not None
    (me,) = collector.collect(query, (operation.definition.selection_set,))
    (name,) = collector.collect(SCHEMA.type_map["Migrant"], me.selections)  # type: ignore[arg-type]
    assert len(name.nodes) == 1


def test_literal_switches() -> None:
    """@skip and @include with constants decide, and skip wins over include."""
    assert keys("{ me { name @skip(if: true) sex @include(if: false) id } }", {}) == ["id"]
    assert keys("{ me { name @skip(if: true) @include(if: true) sex @include(if: true) } }", {}) == ["sex"]


def test_switches_on_fields_fragments_and_inline_fragments() -> None:
    """A variable decides wherever the directive stands."""
    document = """
    query($on: Boolean!) {
      me {
        a: name @include(if: $on)
        ...F @skip(if: $on)
        ... @include(if: $on) { c: name }
        ... on Migrant @skip(if: $on) { d: name }
      }
    }
    fragment F on Migrant { b: name }
    """
    assert keys(document, {"on": True}) == ["a", "c"]
    assert keys(document, {"on": False}) == ["b", "d"]


def test_a_fragment_skipped_once_may_stand_elsewhere() -> None:
    """A spread that is skipped does not count as seen."""
    document = """
    query($on: Boolean!) { me { ...F @skip(if: $on) name ...F } }
    fragment F on Migrant { sex }
    """
    assert keys(document, {"on": True}) == ["name", "sex"]
    assert keys(document, {"on": False}) == ["sex", "name"]


def test_without_switches_everything_is_included() -> None:
    """A prediction covers whatever the variables may say later."""
    document = (
        "query($on: Boolean!) { me { a: name @include(if: $on) b: name @skip(if: $on) c: name @skip(if: true) } }"
    )
    assert keys(document) == ["a", "b", "c"]
