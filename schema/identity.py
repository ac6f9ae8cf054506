"""Identity numbers and names: pure rules, no look-ups.

Resident ID numbers: GB 11643-1999. Unified social credit codes: GB 32100-2015. Names: DOMAIN section 5.
"""

import re
import unicodedata
from datetime import date
from typing import Final

from schema.codes import DocumentKind
from schema.errors import ErrorCode, RequestError

__all__ = [
    "birth_date_of",
    "check_digit",
    "display_name",
    "is_valid_resident_id",
    "is_valid_uscc",
    "normalise_name",
    "normalise_number",
    "uscc_check_character",
]

_WEIGHTS: Final = tuple(pow(2, 17 - i, 11) for i in range(17))
_CHECK: Final = "10X98765432"
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))
_USCC_VALUE: Final = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_SEPARATORS: Final = str.maketrans(dict.fromkeys("\u2022\u30fb\u2027\u22c5\uff65", "\u00b7"))
_DIGITS_18: Final = re.compile(r"[0-9]{17}[0-9X]")
_DIGITS_15: Final = re.compile(r"[0-9]{15}")
_OTHER_NUMBER: Final = re.compile(r"[A-Z0-9]{5,20}")
_RESIDENT_FORM: Final = frozenset({DocumentKind.RESIDENT_ID, DocumentKind.HMT_RESIDENCE_PERMIT})


def check_digit(first_17: str) -> str:
    """The 18th character of a resident ID number (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True)) % 11]


def birth_date_of(number: str) -> date | None:
    """The birth date inside an 18-digit number, or None when it is no date."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_valid_resident_id(number: str) -> bool:
    """Length, date and checksum; an unknown area code is no error (DOMAIN section 5)."""
    return (
        _DIGITS_18.fullmatch(number) is not None
        and birth_date_of(number) is not None
        and check_digit(number[:17]) == number[17]
    )


def normalise_number(kind: DocumentKind, number: str) -> str:
    """One spelling per document: full-width folded, upper case, 15-digit form extended to 18.

    Raises RequestError(NUMBER_INVALID) for a wrong length, date or checksum.
    """
    folded = unicodedata.normalize("NFKC", number).replace(" ", "").replace("-", "").upper()
    if kind not in _RESIDENT_FORM:
        if _OTHER_NUMBER.fullmatch(folded) is None or not folded.isascii():
            raise RequestError(ErrorCode.NUMBER_INVALID)
        return folded
    if _DIGITS_15.fullmatch(folded):
        folded = folded[:6] + "19" + folded[6:]
        folded += check_digit(folded)
    if not is_valid_resident_id(folded):
        raise RequestError(ErrorCode.NUMBER_INVALID)
    return folded


def display_name(name: str) -> str:
    """A name as we show it: one separator (U+00B7), no surrounding or doubled space."""
    return " ".join(name.translate(_SEPARATORS).split())


def normalise_name(name: str) -> str:
    """A name as we compare it: NFKC, one separator, no space, case folded. Never shown."""
    return "".join(unicodedata.normalize("NFKC", name.translate(_SEPARATORS)).split()).casefold()


def uscc_check_character(first_17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100)."""
    total = sum(_USCC_VALUE[c] * w for c, w in zip(first_17, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def is_valid_uscc(code: str) -> bool:
    """18 characters of the alphabet with the right check character."""
    return len(code) == 18 and all(c in _USCC_VALUE for c in code) and uscc_check_character(code[:17]) == code[17]
