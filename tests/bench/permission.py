"""What lets one department read 25 fields of all five: a purpose, rules and agreements of the bench's own.

No purpose we ship grants that. So the bench widens one entry of the purpose catalogue, `data-quality`, adds one
rule to each owner's policy file, and signs two agreements. Everything after that stays as shipped: `law.cedar`, the
refusals in code, current rows only of what others hold, record, receipt. An installation cannot do this by
configuration: the catalogue is code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final
from unittest.mock import patch

from hub import assembly
from privacy import admission
from privacy.agreements import AGREEMENT_SUFFIX, AgreementTerms, sign_agreement
from privacy.fieldset import field_set
from privacy.keys import Signer
from privacy.policybook import PolicyBook, load_policies
from privacy.purposes import PURPOSES
from schema.vocabulary import Decision, Department, Source
from tests.bench.documents import ONE, PAGE

__all__ = ["AGREEMENTS", "CALLER", "JURISDICTION", "PURPOSE", "widened_catalogue", "write_agreements", "write_policies"]

CALLER: Final = Department.HEALTHCARE_SECURITY
"""Keeps none of the five sources, so nothing it reads is its own."""

PURPOSE: Final = "data-quality"
JURISDICTION: Final = "3205"
AGREEMENTS: Final = {"bench-one": ONE, "bench-page": PAGE}

_RULE: Final = """
@id("{source}.bench")
@basis("decree-809 art. 26")
@from("2025-08-01")
permit (principal, action in [Action::"read", Action::"readMasked"], resource)
when {{
  principal.department == Department::"{caller}" &&
  context.purpose == Purpose::"{purpose}" &&
  context.agreement
}};
"""


@contextmanager
def widened_catalogue() -> Iterator[None]:
    """Inside, hubs assembled in this process know the bench's purpose."""
    granted = dict.fromkeys(field_set(ONE), Decision.READ)
    purpose = replace(PURPOSES[PURPOSE], fields=MappingProxyType(granted))
    catalogue = MappingProxyType({**PURPOSES, PURPOSE: purpose})

    def load(directory: Path | None = None) -> PolicyBook:
        book = load_policies(directory)
        return PolicyBook(book.rules, catalogue, f"{book.version}-bench")

    with patch.object(admission, "PURPOSES", catalogue), patch.object(assembly, "load_policies", load):
        yield


def write_policies(folder: Path) -> None:
    """The packaged policies, each owner's with one rule more."""
    folder.mkdir(parents=True, exist_ok=True)
    packaged = files("privacy") / "policies"
    for name in ("law", *Source):
        text = (packaged / f"{name}.cedar").read_text("utf-8")
        if name != "law":
            text += _RULE.format(source=name, caller=CALLER.value, purpose=PURPOSE)
        (folder / f"{name}.cedar").write_text(text, encoding="utf-8")


def write_agreements(folder: Path, signer: Signer, expires: datetime) -> None:
    """One agreement for each document a department asks."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in AGREEMENTS.items():
        terms = AgreementTerms(
            id=name,
            document=document,
            purpose=PURPOSE,
            department=CALLER,
            jurisdiction=JURISDICTION,
            volume_per_day=10_000_000,
            expires=expires,
        )
        (folder / f"{name}{AGREEMENT_SUFFIX}").write_bytes(sign_agreement(terms, signer))
