"""The demo's two agreements: a list of migrants for public health, and the linkage of records by the hub itself."""

from datetime import datetime
from pathlib import Path
from typing import Final

from privacy.agreements import AGREEMENT_SUFFIX, AgreementTerms, sign_agreement
from privacy.keys import Signer
from schema.vocabulary import Department

__all__ = ["LINKAGE_AGREEMENT", "MIGRANTS_AGREEMENT", "MIGRANTS_DOCUMENT", "write_demo_agreements"]

MIGRANTS_AGREEMENT: Final = "demo-migrants"
LINKAGE_AGREEMENT: Final = "demo-record-linkage"

MIGRANTS_DOCUMENT: Final = """\
query PublicHealthPage($division: String!, $first: Int!, $after: String) {
  migrants(division: $division, first: $first, after: $after) {
    nodes {
      id
      name
      sex
      birthDate
      idNumber
      residence { division { code name } address }
      health {
        enrolments { institution enrolledOn status }
        immunisations { vaccine dose givenOn }
      }
      checks { residentHalfYear { answer asOf source } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Health, purpose `public-health`."""

_LINKAGE_DOCUMENT: Final = """\
query RecordLinkage($division: String!, $first: Int!, $after: String) {
  migrants(division: $division, first: $first, after: $after) {
    nodes {
      documentKind
      idNumber
      name
      birthDate
      hukou { county { code } }
      residence { county { code } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def write_demo_agreements(directory: Path, signer: Signer, *, jurisdiction: str, expires: datetime) -> tuple[Path, ...]:
    """Sign both agreements into a folder (made when missing); existing files of that name are replaced.

    `jurisdiction` is a division code, the whole city's for the demo; `expires` knows its time zone. Returns the files.
    """
    terms = (
        AgreementTerms(
            id=MIGRANTS_AGREEMENT,
            document=MIGRANTS_DOCUMENT,
            purpose="public-health",
            department=Department.HEALTH,
            jurisdiction=jurisdiction,
            volume_per_day=20_000,
            expires=expires,
        ),
        AgreementTerms(
            id=LINKAGE_AGREEMENT,
            document=_LINKAGE_DOCUMENT,
            purpose="record-linkage",
            department=Department.HUB,
            jurisdiction=jurisdiction,
            volume_per_day=10_000_000,
            expires=expires,
        ),
    )
    directory.mkdir(parents=True, exist_ok=True)
    return tuple(_write(directory, one, signer) for one in terms)


def _write(directory: Path, terms: AgreementTerms, signer: Signer) -> Path:
    path = directory / f"{terms.id}{AGREEMENT_SUFFIX}"
    path.write_bytes(sign_agreement(terms, signer))
    return path
