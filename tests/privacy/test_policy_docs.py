"""`docs/policies.md` says what the code does."""

import re
from pathlib import Path

from privacy.policy_rules import FACTS
from privacy.policybook import load_policies
from privacy.purposes import PURPOSES
from privacy.refusals import REFUSALS
from schema.vocabulary import Department
from tests.privacy.books import write_policies

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text("utf-8")


def test_examples_are_valid(tmp_path: Path) -> None:
    """Every rule shown on the page can be loaded as it stands."""
    examples = re.findall(r"```cedar\n(.*?)```", PAGE, re.S)
    assert len(examples) == 2
    book = load_policies(write_policies(tmp_path, police="\n".join(examples)))
    assert len(book.rules) == 2


def test_every_purpose_stands_with_what_it_needs() -> None:
    """The page's table of purposes says who may name each, and whether it needs case, consent or agreement."""
    table = PAGE.partition("| purpose | who | needs |\n")[2].partition("\n\n")[0]
    rows = {}
    for line in table.splitlines()[1:]:
        names, who, needs = (cell.strip() for cell in line.strip("|").split("|"))
        rows |= dict.fromkeys(re.findall(r"`([^`]+)`", names), (who, needs))
    assert rows.keys() == PURPOSES.keys()
    for code, purpose in PURPOSES.items():
        who, needs = rows[code]
        wanted = {"case": purpose.case_required, "consent": purpose.consent_required}
        wanted["agreement"] = purpose.agreement_required
        assert {word for word, needed in wanted.items() if needed} == set(re.findall(r"case|consent|agreement", needs))
        if len(purpose.departments) <= 2 and Department.PERSON not in purpose.departments and "hub" not in who:
            assert set(who.split(", ")) == purpose.departments


def test_every_fact_and_refusal_is_explained() -> None:
    """The page has a row for each fact and each refusal."""
    assert all(f"| `{fact}` |" in PAGE for fact in FACTS)
    assert all(f"| {number} |" in PAGE for number in [*REFUSALS, "R5"])
