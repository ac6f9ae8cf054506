"""All policies of an installation: the packaged ones, and a folder's."""

import re
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from privacy.decide import decide
from privacy.policybook import PolicyBook, load_policies
from privacy.purposes import PURPOSES
from schema.errors import ConfigurationError
from schema.ids import FieldId
from schema.vocabulary import Decision, Department, FieldClass, Level, Role, Source, SubjectClass
from tests.privacy.books import TODAY, permit, profile, write_policies


def test_packaged_policies_are_valid(book: PolicyBook) -> None:
    """What we ship loads: forbids in the law, permits of every owner, each id once."""
    assert {rule.effect for rule in book.rules if rule.file == "law.cedar"} == {"forbid"}
    assert {rule.file for rule in book.rules} == {"law.cedar", *(f"{source.value}.cedar" for source in Source)}
    assert len({rule.id for rule in book.rules}) == len(book.rules)


def test_schema_has_the_words_of_the_code() -> None:
    """The closed sets of the Cedar schema are those of the vocabulary and the catalogue."""
    text = (files("privacy") / "policies" / "schema.cedarschema").read_text("utf-8")
    declared = {
        name: set(re.findall(r'"([^"]+)"', words))
        for name, words in re.findall(r"entity (\w+) enum \[(.*?)\];", text, re.S)
    }
    words = {"Department": Department, "Role": Role, "Level": Level, "Class": FieldClass, "Source": Source}
    assert declared == {name: {word.value for word in kind} for name, kind in words.items()} | {
        "Purpose": set(PURPOSES)
    }


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A folder without one owner's file is refused."""
    (write_policies(tmp_path) / "health.cedar").unlink()
    with pytest.raises(ConfigurationError, match=r"health\.cedar:1: the file is missing"):
        load_policies(tmp_path)


def test_unknown_file_is_refused(tmp_path: Path) -> None:
    """A file of an owner that does not exist is refused, not passed over."""
    (write_policies(tmp_path) / "helth.cedar").write_text("", "utf-8")
    with pytest.raises(ConfigurationError, match=r"helth\.cedar:1: no source is called `helth`"):
        load_policies(tmp_path)


def test_double_id_is_refused(tmp_path: Path) -> None:
    """An id that stands twice is refused, and both places are named."""
    twice = permit("police", "x") + permit("police", "x", "context.minor")
    with pytest.raises(
        ConfigurationError, match=r"^police\.cedar:5: @id `police\.x` stands already at police\.cedar:1$"
    ):
        load_policies(write_policies(tmp_path, police=twice))


def test_version_follows_the_text(tmp_path: Path, book: PolicyBook) -> None:
    """The version is the same for the same texts and another for any other, a comment included."""
    assert load_policies().version == book.version
    first = load_policies(write_policies(tmp_path)).version
    assert load_policies(write_policies(tmp_path, police="// another comment\n")).version != first


def test_boundaries_are_first_days(tmp_path: Path) -> None:
    """A boundary is the first day of a rule, and the day after its last."""
    text = permit("police", "x").replace("permit (", '@until("2026-12-31")\npermit (')
    found = load_policies(write_policies(tmp_path, police=text))
    assert date(2027, 1, 1) in found.boundaries
    assert found.next_boundary(date(2026, 12, 31)) == date(2027, 1, 1)
    assert found.next_boundary(date(2027, 1, 1)) is None


def test_rules_apply_on_their_days_only(tmp_path: Path) -> None:
    """Cedar ignores our dates, we do not: a rule begins and ends on its day, and so does the table."""
    text = (
        permit("police", "x").replace("2021-11-01", "2026-12-01").replace("permit (", '@until("2026-12-31")\npermit (')
    )
    found = load_policies(write_policies(tmp_path, police=text))
    purpose = replace(PURPOSES["school-enrolment"], fields={FieldId("Migrant.name"): Decision.MASK})
    days = [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)]
    tables = [decide(profile(Department.EDUCATION), purpose, None, found, day) for day in days]
    decisions = [table.rulings[FieldId("Migrant.name")].of(SubjectClass.IN_RESIDENCE) for table in tables]
    assert decisions == [Decision.WITHHOLD, Decision.MASK, Decision.MASK, Decision.WITHHOLD]
    assert [table.expires for table in tables] == [days[1], days[3], days[3], None]


def test_book_is_immutable(book: PolicyBook) -> None:
    """The catalogue of a book cannot be changed from outside."""
    with pytest.raises(TypeError):
        book.purposes["spying"] = PURPOSES["statistics"]  # type: ignore[index]
    assert isinstance(book.rules, tuple)


def test_rule_set_reasons_are_rule_ids(book: PolicyBook) -> None:
    """A rule set holds the law, the owner's rules for the purpose, and nothing of others."""
    found = book.rule_set(Source.HEALTH, "school-enrolment", "education", TODAY)
    assert {rule.file for rule in found.rules} == {"law.cedar", "health.cedar"}
    assert {rule.id for rule in found.rules if rule.effect == "permit"} == {"health.school-enrolment.checks"}
