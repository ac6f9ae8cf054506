"""Whom an answer is about."""

from connectors.contract import NEVER_KEY
from hub.engine.subjects import CaseNames, Involved, Target
from schema.vocabulary import Source
from tests.hub.engine.desk import PLAIN, migrant, person


def test_a_department_that_does_not_know_a_subject_is_asked_for_nobody() -> None:
    """Its key there matches nothing."""
    one = person(1, PLAIN, Source.HEALTH)
    assert (one.key(Source.HEALTH), one.key(Source.POLICE)) == ("K1", NEVER_KEY)


def test_a_case_names_its_subjects_and_those_related() -> None:
    """Both count as named."""
    names = CaseNames(frozenset({migrant(1)}), frozenset({migrant(2)}))
    assert names.named == {migrant(1), migrant(2)}


def test_everybody_an_answer_is_about_is_recorded_once() -> None:
    """Subjects of all roots, then the persons that checks name, each once."""
    one, two, child = person(1), person(2), person(3)
    involved = Involved([Target([one, two]), Target([two])], {child.sector_id: child, one.sector_id: one})
    assert involved.subjects == (one.migrant, two.migrant)
    assert involved.everyone == (one.migrant, two.migrant, child.migrant)


def test_the_record_names_whom_the_answer_does_not() -> None:
    """A protected person who was looked up stands in the record, and the phantom shown in her place does not."""
    phantom, her = person(1), person(2)
    assert Involved([Target([phantom], concerned=[her.migrant])], {}).everyone == (her.migrant,)
