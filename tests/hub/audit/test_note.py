"""Signed notes and checkpoints: pinned to golang.org/x/mod/sumdb/note and to C2SP's example."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.note import (
    Checkpoint,
    NoteError,
    NoteKey,
    checkpoint_of,
    claimed_size,
    open_note,
    parse_checkpoint,
    parse_key,
    sign_note,
)

# The vectors of golang.org/x/mod/sumdb/note (note_test.go, BSD-3-Clause).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
PETER_KEY, ENOCH_KEY = parse_key(PETER), parse_key(ENOCH)


def test_public_key_is_read_and_written() -> None:
    """The published key parses, has the published id, and is written as it was."""
    assert PETER_KEY.name == "PeterNeumann"
    assert PETER_KEY.key_id.hex() == "c74f20a3"
    assert PETER_KEY.text() == PETER


def test_any_part_of_a_key_is_refused() -> None:
    """No proper substring of a key, and no key with one character changed, is a key."""
    pieces = {PETER[i:j] for i in range(len(PETER)) for j in range(i + 1, len(PETER) + 1)} - {PETER}
    changed = {PETER[:i] + chr(ord(PETER[i]) + 1) + PETER[i + 1 :] for i in range(len(PETER))}
    for text in pieces | changed:
        with pytest.raises(NoteError):
            parse_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_keys_of_wrong_length_or_kind_are_refused(text: str) -> None:
    """A key with a fitting id but a wrong length or algorithm is refused."""
    with pytest.raises(NoteError):
        parse_key(text)


def test_signing_reproduces_the_public_note() -> None:
    """Signing the published text with the published seed gives the published note, byte for byte."""
    signer = Ed25519PrivateKey.from_private_bytes(PETER_SEED)
    assert sign_note(TEXT, PETER_KEY, signer.sign) == f"{TEXT}\n{PETER_LINE}"


@pytest.mark.parametrize("keys", [[PETER_KEY], [PETER_KEY, ENOCH_KEY], [ENOCH_KEY]])
def test_a_note_opens_with_one_known_signature(keys: list[NoteKey]) -> None:
    """A note signed by two opens for whoever knows either key."""
    assert open_note(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", keys) == TEXT


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE * 101}",
        f"{TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}",
        f"{TEXT.replace('answer', 'Answer')}\n{PETER_LINE}",
        f"{TEXT}\n{ENOCH_LINE}",
    ],
)
def test_malformed_and_unverified_notes_are_refused(note: str) -> None:
    """Notes that are malformed, changed, over-signed or signed by strangers only do not open."""
    with pytest.raises(NoteError):
        open_note(note, [PETER_KEY])


def test_a_bad_signature_of_a_known_key_refuses_the_note() -> None:
    """One wrong signature of a known key spoils a note that another known key signed rightly."""
    with pytest.raises(NoteError):
        open_note(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE[:60]}ABCD{ENOCH_LINE[60:]}", [PETER_KEY, ENOCH_KEY])


def test_text_that_is_no_note_is_not_signed() -> None:
    """Text without a final newline, or with a control character, is never signed."""
    for text in ("abc", "a\tb\n"):
        with pytest.raises(NoteError):
            sign_note(text, PETER_KEY, lambda _: bytes(64))


def test_checkpoint_text_is_c2sp() -> None:
    """The published example of a checkpoint parses and is written as it was."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == text
    assert parse_checkpoint(text + "extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "\n1\n" + "A" * 43 + "=\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    """A missing line, an empty origin, a padded size and a short root are refused."""
    with pytest.raises(NoteError):
        parse_checkpoint(text)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """A checkpoint counts only when its origin is the name of the key that signed it."""
    signer = Ed25519PrivateKey.from_private_bytes(PETER_SEED)
    own = sign_note(Checkpoint("PeterNeumann", 7, bytes(32)).text(), PETER_KEY, signer.sign)
    other = sign_note(Checkpoint("other.example", 7, bytes(32)).text(), PETER_KEY, signer.sign)
    assert checkpoint_of(own, PETER_KEY).size == claimed_size(own) == 7
    with pytest.raises(NoteError):
        checkpoint_of(other, PETER_KEY)
    assert claimed_size("rubbish") == -1
