"""Agreements: signed files in, agreements out."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privacy.agreements import AgreementTerms, load_agreements, sign_agreement
from privacy.keys import KeyRing
from privacy.policybook import PolicyBook
from schema.errors import ConfigurationError
from schema.vocabulary import Department

RING = KeyRing.from_seed(b"a" * 32)
KEYS = RING.public_keys("agreement")
TERMS = AgreementTerms(
    id="lists",
    document="query ($d: String!) { migrants(division: $d) { nodes { id name } } }",
    purpose="public-health",
    department=Department.HEALTH,
    jurisdiction="3205",
    volume_per_day=100,
    expires=datetime(2027, 1, 1, tzinfo=UTC),
)


def write(folder: Path, terms: AgreementTerms, ring: KeyRing = RING) -> Path:
    """Sign an agreement into a folder."""
    path = folder / f"{terms.id}.agreement.json"
    path.write_bytes(sign_agreement(terms, ring.signer("agreement")))
    return path


def refusal(folder: Path, book: PolicyBook) -> str:
    """Why a folder is refused; the message names the file."""
    with pytest.raises(ConfigurationError) as caught:
        load_agreements(folder, KEYS, book)
    assert str(caught.value).startswith(str(folder / "lists.agreement.json"))
    return str(caught.value)


def test_signed_agreement_is_loaded(tmp_path: Path, book: PolicyBook) -> None:
    """What was signed comes back, with the field set of its document."""
    write(tmp_path, TERMS)
    found = load_agreements(tmp_path, KEYS, book)["lists"]
    assert (found.purpose, found.department, found.volume_per_day) == ("public-health", "health", 100)
    assert found.fields == {"Migrant.name"}
    assert found.listing
    assert len(found.document_hash) == 64


def test_old_key_is_still_believed(tmp_path: Path, book: PolicyBook) -> None:
    """After a rotation, agreements signed before it still hold."""
    write(tmp_path, TERMS)
    rotated = RING.rotated("agreement", lambda n: b"b" * n)
    assert "lists" in load_agreements(tmp_path, rotated.public_keys("agreement"), book)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("document", "query ($d: String!) { migrants(division: $d) { nodes { id name birthDate } } }"),
        ("jurisdiction", "32"),
        ("volumePerDay", 1_000_000),
        ("expires", "2099-01-01T00:00:00+00:00"),
        ("client", "another"),
    ],
)
def test_changed_agreement_is_refused(tmp_path: Path, book: PolicyBook, name: str, value: object) -> None:
    """Any change to what was signed is noticed."""
    path = write(tmp_path, TERMS)
    content = json.loads(path.read_bytes())
    content["agreement"][name] = value
    path.write_text(json.dumps(content), "utf-8")
    assert "signature does not hold" in refusal(tmp_path, book)


def test_strange_key_is_refused(tmp_path: Path, book: PolicyBook) -> None:
    """A signature by a key that is not ours is refused."""
    write(tmp_path, TERMS, KeyRing.from_seed(b"c" * 32))
    assert "signature does not hold" in refusal(tmp_path, book)


@pytest.mark.parametrize("signature", ["", "..", "a..b", "{header}..AAAA", "{header}.."])
def test_bad_signature_is_refused(tmp_path: Path, book: PolicyBook, signature: str) -> None:
    """A signature that is none is refused without a stack trace."""
    path = write(tmp_path, TERMS)
    content = json.loads(path.read_bytes())
    header = content["signature"].partition("..")[0]
    content["signature"] = signature.replace("{header}", header)
    path.write_text(json.dumps(content), "utf-8")
    assert refusal(tmp_path, book)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"suite": "gm-1", "agreement": {}, "signature": "x"}', '{"a": 1, "a": 2}']
)
def test_other_files_are_refused(tmp_path: Path, book: PolicyBook, text: str) -> None:
    """A file that is no agreement of a known suite is refused."""
    (tmp_path / "lists.agreement.json").write_text(text, "utf-8")
    assert refusal(tmp_path, book)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"purpose": "investigation"}, "`investigation` is not in the catalogue"),
        ({"department": Department.EDUCATION}, "may not name purpose"),
        ({"jurisdiction": "999999"}, "not a division"),
        ({"volume_per_day": 0}, "volumePerDay"),
        ({"expires": datetime(2027, 1, 1)}, "no time zone"),
        ({"document": "{ me { salary } }"}, "the document does not fit the schema"),
        (
            {"document": "query ($d: String!) { migrants(division: $d) { nodes { name maritalStatus } } }"},
            "purpose `public-health` never grants `Migrant.maritalStatus`",
        ),
    ],
)
def test_impossible_agreement_is_refused(
    tmp_path: Path, book: PolicyBook, wrong: dict[str, object], reason: str
) -> None:
    """A signature does not help an agreement whose terms cannot be."""
    write(tmp_path, replace(TERMS, **wrong))  # type: ignore[arg-type]
    assert reason in refusal(tmp_path, book)


def test_file_is_named_after_its_agreement(tmp_path: Path, book: PolicyBook) -> None:
    """A copy under another name is refused: one agreement is one file."""
    write(tmp_path, TERMS).rename(tmp_path / "copy.agreement.json")
    with pytest.raises(ConfigurationError, match="named after"):
        load_agreements(tmp_path, KEYS, book)


def test_empty_folder_has_no_agreements(tmp_path: Path, book: PolicyBook) -> None:
    """No files, no agreements; other files are left alone."""
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    assert load_agreements(tmp_path, KEYS, book) == {}
