"""What a selection needs from the sources, per subject class."""

import time
from collections.abc import Mapping

from connectors.contract import RowFilter
from hub.engine.needs import Needs, Wanted
from schema.ids import CollectionName
from schema.vocabulary import ALL_SUBJECT_CLASSES, FieldClass, RowScope, Source, SubjectClass
from tests.hub.engine.desk import (
    MASK,
    PLAIN,
    PROTECTED,
    READ,
    RESIDENT,
    VERIFY,
    WITHHOLD,
    Rule,
    only,
    plan_of,
    table_of,
    unless,
)

PERSONS = CollectionName("police.persons")
REGISTRATIONS = CollectionName("police.residence_registrations")


def needs_of(selection: str, rules: Mapping[str, Rule]) -> Needs:
    """The needs of a selection on one migrant."""
    return plan_of(f"{{ me {{ {selection} }} }}", dict(rules)).planned[0].needs


def columns(wanted: Wanted | None) -> tuple[str, ...] | None:
    """The columns of what is wanted."""
    return None if wanted is None else wanted.columns


def test_each_class_wants_what_it_may_have() -> None:
    """Columns differ by class; a class that may have nothing wants nothing."""
    rules = {"Migrant.name": READ, "Migrant.birthDate": only(READ, RESIDENT), "Migrant.idNumber": WITHHOLD}
    needs = needs_of("name birthDate idNumber", rules)
    assert columns(needs.wanted(PERSONS, PLAIN)) == ("name",)
    assert columns(needs.wanted(PERSONS, RESIDENT)) == ("birth_date", "name")
    only_there = needs_of("birthDate idNumber", rules)
    assert only_there.wanted(PERSONS, PLAIN) is None


def test_a_masked_address_wants_a_division() -> None:
    """Where only the county may be said, the address itself is not asked for."""
    rules = {"Residence.address": lambda subject: READ if RESIDENT in subject else MASK}
    needs = needs_of("residence { address }", rules)
    assert columns(needs.wanted(PERSONS, PLAIN)) == ("residence_county",)
    assert columns(needs.wanted(PERSONS, RESIDENT)) == ("residence_address",)


def test_one_field_under_two_aliases_is_one_column() -> None:
    """Aliases cost no second column."""
    needs = needs_of("a: name b: name hukou { kind }", {"Migrant.name": READ, "Hukou.kind": READ})
    assert columns(needs.wanted(PERSONS, PLAIN)) == ("hukou_kind", "name")


def test_the_widest_is_what_the_best_placed_class_gets() -> None:
    """It decides whether a collection is called at all, and how for those who may have nothing."""
    rules: dict[str, Rule] = {"Migrant.name": only(READ, RESIDENT), "Migrant.sex": unless(READ, PROTECTED)}
    needs = needs_of("name sex", rules)
    assert columns(needs.widest(PERSONS)) == ("name", "sex")
    assert needs_of("name", {}).widest(PERSONS) is None


def test_rows_follow_scope_and_raised_classes() -> None:
    """The current row only where the ruling says so; rows raised by code value as the class may have them."""
    raised = {
        Source.POLICE: tuple(
            frozenset({FieldClass.HEALTH}) if RESIDENT in c else frozenset() for c in ALL_SUBJECT_CLASSES
        )
    }
    table = table_of({"ResidenceRegistration.reason": READ}, RowScope.CURRENT, raised)
    needs = plan_of("{ me { police { residenceRegistrations { reason } } } }", table).planned[0].needs
    assert needs.wanted(REGISTRATIONS, PLAIN) == Wanted(("reason",), RowFilter(RowScope.CURRENT, frozenset()))
    assert needs.wanted(REGISTRATIONS, RESIDENT) == Wanted(
        ("reason",), RowFilter(RowScope.CURRENT, frozenset({FieldClass.HEALTH}))
    )


def test_sources_are_those_that_will_be_called() -> None:
    """A source of which everything is withheld for everybody is not called, for rows or for checks."""
    selection = """
      name
      health { immunisations { vaccine } }
      business { licences { name } }
      checks { employedNow { answer } permitValid { answer } }
    """
    rules: dict[str, Rule] = {
        "Migrant.name": WITHHOLD,
        "Immunisation.vaccine": only(READ, RESIDENT),
        "Checks.employedNow": only(VERIFY, RESIDENT),
        "Checks.permitValid": WITHHOLD,
    }
    assert needs_of(selection, rules).sources() == {Source.HEALTH, Source.HUMAN_RESOURCES}


def test_a_leaf_added_later_counts() -> None:
    """What was remembered of the needs is forgotten when they grow."""
    needs = needs_of("name", {"Migrant.name": READ, "Migrant.sex": READ})
    assert columns(needs.wanted(PERSONS, PLAIN)) == ("name",)
    other = needs_of("sex", {"Migrant.name": READ, "Migrant.sex": READ})
    for leaf in other.leaves[PERSONS]:
        needs.add(leaf)
    assert columns(needs.wanted(PERSONS, PLAIN)) == ("name", "sex")
    assert columns(needs.widest(PERSONS)) == ("name", "sex")


def test_many_aliases_cost_little() -> None:
    """A document of 490 aliases is written for a new subject class in far less than a second."""
    aliases = " ".join(f"a{i}: birthDate" for i in range(490))
    plan = plan_of(f"{{ me {{ {aliases} }} }}", {"Migrant.birthDate": READ})
    root = plan.planned[0]
    started = time.perf_counter()
    for subject in ALL_SUBJECT_CLASSES:
        root.shape.root.writer(root.needs, subject)  # type: ignore[union-attr]
    assert time.perf_counter() - started < 2.0


def test_decisions_tell_classes_apart_that_are_written_differently() -> None:
    """Classes with equal decisions may share a writer; others may not."""
    needs = needs_of("name", {"Migrant.name": only(READ, RESIDENT)})
    assert needs.decisions(RESIDENT) == needs.decisions(RESIDENT | SubjectClass.MINOR)
    assert needs.decisions(RESIDENT) != needs.decisions(PLAIN)
