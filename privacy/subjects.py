"""The facts about a subject that change a decision, as one caller sees them under one purpose."""

from datetime import date
from typing import Final

from auth.model import Caller
from privacy.model import Purpose, SubjectFacts
from schema.divisions import covers
from schema.vocabulary import Department, Level, SubjectClass

__all__ = ["classify", "needs_live_division"]

_BELOW_COUNTY: Final = frozenset({Level.TOWNSHIP, Level.VILLAGE})


def needs_live_division(caller: Caller) -> bool:
    """Whether the subject's division must be fetched first: the registry stores the county only."""
    return caller.profile.level in _BELOW_COUNTY and caller.profile.department is not Department.PERSON


def classify(caller: Caller, purpose: Purpose, facts: SubjectFacts, division: str | None, today: date) -> SubjectClass:
    """The class of a subject for a caller and purpose on one day (China time).

    `division` is the live division of residence (9 or 12 digits) and matters where `needs_live_division` says so; None
    is nowhere. Jurisdiction is a code prefix, so origin, known by county, never lies within a township. For a person's
    own look-up nothing but minority and protection counts.
    """
    found = SubjectClass.PROTECTED if facts.protected else SubjectClass.NONE
    if facts.minor_until is not None and today < facts.minor_until:
        found |= SubjectClass.MINOR
    if caller.profile.department is Department.PERSON:
        return found | SubjectClass.IN_RESIDENCE | SubjectClass.IN_ORIGIN | SubjectClass.CONSENTED
    residence = (division or "") if needs_live_division(caller) else facts.residence_county
    if covers(caller.profile.jurisdiction, residence):
        found |= SubjectClass.IN_RESIDENCE
    if covers(caller.profile.jurisdiction, facts.origin_county):
        found |= SubjectClass.IN_ORIGIN
    if _consented(caller, purpose, facts, today):
        found |= SubjectClass.CONSENTED
    return found


def _consented(caller: Caller, purpose: Purpose, facts: SubjectFacts, today: date) -> bool:
    return any(
        consent.department == caller.profile.department.value
        and consent.purpose == purpose.code
        and today <= consent.until
        for consent in facts.consents
    )
