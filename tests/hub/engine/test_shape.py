"""A selection on Migrant: what stands in the answer for which subject, when rows are there, empty or failed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from connectors.contract import Row
from hub.engine.shape import Failed, Faults, Outcome, Shape, SubjectState
from schema.errors import ErrorCode
from schema.ids import CollectionName, SectorId
from schema.vocabulary import Answer, SubjectClass
from tests.hub.engine.desk import AS_OF, MASK, PLAIN, PROTECTED, READ, RESIDENT, VERIFY, Rule, only, plan_of, unless

Rows = Mapping[str, Sequence[Row] | Failed]
AWAY = Failed(ErrorCode.SOURCE_UNAVAILABLE)


def write(
    selection: str,
    rules: dict[str, Rule],
    rows: Rows | None = None,
    subject: SubjectClass = PLAIN,
    outcomes: Sequence[Outcome] = (),
) -> tuple[Any, dict[tuple[str | int, ...], str]]:
    """The object of one subject, and its errors."""
    shape = plan_of(f"{{ me {{ {selection} }} }}", rules).planned[0].shape
    assert isinstance(shape, Shape)
    faults = Faults()
    fetched = {CollectionName(name): found for name, found in (rows or {}).items()}
    data = shape.write(SubjectState(SectorId("the-id"), subject, fetched, list(outcomes)), faults, ("me",))
    return data, {path: code.value for path, code in faults.found.items()}


def test_ids_and_type_names_need_no_source() -> None:
    """`id` is the sector id, `__typename` the type's name, in every place that has one."""
    selection = "id t: __typename police { __typename } checks { __typename } hukou { __typename }"
    data, errors = write(selection, {})
    assert data == {
        "id": "the-id",
        "t": "Migrant",
        "police": {"__typename": "PoliceRecord"},
        "checks": {"__typename": "Checks"},
        "hukou": None,
    }
    assert errors == {}


def test_members_stand_in_response_order() -> None:
    """Aliases and order are the document's."""
    data, _ = write("b: sex a: name", {"Migrant.name": READ, "Migrant.sex": READ}, {"police.persons": [("王", "MALE")]})
    assert list(data.items()) == [("b", "MALE"), ("a", "王")]


def test_withheld_is_like_nothing_on_record() -> None:
    """For a value, a group and a list: whether it is withheld for this subject or empty cannot be told."""
    rules: dict[str, Rule] = {
        "Migrant.name": only(READ, RESIDENT),
        "Residence.since": only(READ, RESIDENT),
        "Employment.occupation": only(READ, RESIDENT),
    }
    selection = "name residence { since t: __typename } humanResources { employments { occupation t: __typename } }"
    nothing: Rows = {"police.persons": [], "human_resources.employments": []}
    empty: dict[str, Any] = {"name": None, "residence": None, "humanResources": {"employments": []}}
    assert write(selection, rules, nothing, RESIDENT) == (empty, {})
    assert write(selection, rules, nothing, PLAIN) == (empty, {})


def test_rows_without_a_readable_member_are_not_even_counted() -> None:
    """The number of rows is itself a fact: were they fetched by mistake, the list would still be empty."""
    rules: dict[str, Rule] = {"Employment.occupation": only(READ, RESIDENT)}
    rows: Rows = {"human_resources.employments": [("AGRICULTURE",), ("AGRICULTURE",)]}
    data, _ = write("humanResources { employments { occupation __typename } }", rules, rows, PLAIN)
    assert data == {"humanResources": {"employments": []}}
    group: dict[str, Rule] = {"Hukou.kind": only(READ, RESIDENT)}
    assert write("hukou { kind __typename }", group, {"police.persons": [("FAMILY",)]}, PLAIN)[0] == {"hukou": None}


def test_withheld_for_all_is_null() -> None:
    """Where nobody could get anything, the list is null and no source is needed for it."""
    data, errors = write("humanResources { employments { occupation } }", {})
    assert (data, errors) == ({"humanResources": {"employments": None}}, {})


def test_type_names_alone_are_no_rows() -> None:
    """Selecting only `__typename` of rows does not count them."""
    assert write("humanResources { employments { __typename } }", {"Employment.occupation": READ})[0] == {
        "humanResources": {"employments": None}
    }


def test_partly_readable_rows_show_what_may_be_shown() -> None:
    """A withheld member of a readable row is null, its neighbour is there."""
    rules: dict[str, Rule] = {"Employment.occupation": READ, "Employment.employerName": only(READ, RESIDENT)}
    rows: Rows = {"human_resources.employments": [("AGRICULTURE",)]}
    data, _ = write("humanResources { employments { occupation employerName __typename } }", rules, rows, PLAIN)
    (row,) = data["humanResources"]["employments"]
    assert row == {"occupation": "AGRICULTURE", "employerName": None, "__typename": "Employment"}


@pytest.mark.parametrize("subject", [PLAIN, RESIDENT, PROTECTED])
def test_a_failed_source_shows_equally_for_every_class(subject: SubjectClass) -> None:
    """Null with an error at the same paths, whether the subject could have had something or not."""
    rules: dict[str, Rule] = {
        "Migrant.name": only(READ, RESIDENT),
        "Migrant.sex": unless(READ, PROTECTED),
        "Residence.since": only(MASK, RESIDENT),
        "Employment.occupation": only(READ, RESIDENT),
    }
    selection = "name sex residence { since } humanResources { employments { occupation } }"
    rows: Rows = {"police.persons": AWAY, "human_resources.employments": AWAY}
    data, errors = write(selection, rules, rows, subject)
    assert data == {"name": None, "sex": None, "residence": None, "humanResources": {"employments": None}}
    assert set(errors) == {("me", "name"), ("me", "sex"), ("me", "residence"), ("me", "humanResources", "employments")}


def test_a_value_of_a_wrong_type_is_withheld_with_an_error() -> None:
    """The rest of its row is there; the error names the place and nothing of the value."""
    rules: dict[str, Rule] = {"Employment.occupation": READ, "Employment.startedOn": READ}
    rows: Rows = {"human_resources.employments": [("AGRICULTURE", "yesterday")]}
    data, errors = write("humanResources { employments { startedOn occupation } }", rules, rows)
    assert data["humanResources"]["employments"] == [{"startedOn": None, "occupation": "AGRICULTURE"}]
    assert errors == {("me", "humanResources", "employments", 0, "startedOn"): "SOURCE_QUALITY"}


def test_null_in_a_source_is_null_without_an_error() -> None:
    """A missing value is not a wrong one."""
    assert write("name", {"Migrant.name": READ}, {"police.persons": [(None,)]}) == ({"name": None}, {})


def test_a_check_says_answer_age_and_source() -> None:
    """Each part under its alias; the source is the owner, whoever the subject is."""
    rules: dict[str, Rule] = {"Checks.permitValid": VERIFY}
    selection = "checks { permitValid { a: answer asOf source __typename } }"
    data, _ = write(selection, rules, outcomes=[Outcome(Answer.NO, AS_OF)])
    assert data["checks"]["permitValid"] == {
        "a": "NO",
        "asOf": AS_OF.isoformat(),
        "source": "police",
        "__typename": "CheckAnswer",
    }


def test_a_check_withheld_for_all_is_unknown_without_a_time() -> None:
    """It was not asked, so it has no time; neither has one whose source did not answer."""
    data, _ = write("checks { permitValid { answer asOf } }", {}, outcomes=[Outcome(Answer.YES, AS_OF)])
    assert data["checks"]["permitValid"] == {"answer": "UNKNOWN", "asOf": None}


def test_classes_with_equal_decisions_share_a_writer() -> None:
    """A plan holds one writer for each way of writing, not for each of the 32 classes."""
    shape = plan_of("{ me { name sex } }", {"Migrant.name": only(READ, RESIDENT), "Migrant.sex": READ}).planned[0].shape
    assert isinstance(shape, Shape)
    for bits in range(32):
        rows: dict[CollectionName, Any] = {CollectionName("police.persons"): []}
        shape.write(SubjectState(SectorId("x"), SubjectClass(bits), rows, []), Faults(), ())
    assert len({id(writer) for writer in shape._writers.values()}) == 2


def test_one_error_for_a_path() -> None:
    """The first error of a path is the one told."""
    faults = Faults()
    faults.add(("a",), ErrorCode.SOURCE_QUALITY)
    faults.add(("a",), ErrorCode.SOURCE_UNAVAILABLE)
    assert faults.found == {("a",): ErrorCode.SOURCE_QUALITY}
