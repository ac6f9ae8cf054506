"""Finding seeded persons in what a system leaves behind: names, numbers, addresses, source keys, township codes.

Haystacks are bytes of any kind. Digits and keys are found as such, Chinese text as UTF-8; the cast, who were asked
about most, also in other encodings.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["Canaries"]

_DIGITS = re.compile(rb"\d{7,}[Xx]?")
_KEYS = re.compile(rb"P\d{7}|GR05-\d{8}|JK\d{10}|MR[A-Z0-9]{8}")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff·・]{2,}")
_CODE_LENGTHS = (9, 12, 15, 18)


@dataclass
class Canaries:
    """Everything that was seeded and must not be found."""

    codes: set[bytes] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    known: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, truth: Iterable[Mapping[str, Any]], known: Iterable[str]) -> Self:
        """Of the truth of a city; `known` are values to be found in every encoding."""
        found = cls(known=list(known))
        for person in truth:
            found._add(person["true"], person["keys"])
        return found

    def _add(self, true: Mapping[str, Any], keys: Mapping[str, str]) -> None:
        self.texts.add(true["name"])
        self.keys |= {key.encode() for key in keys.values()}
        if true["number"]:
            self.codes.add(true["number"].upper().encode())
        for division in (true["hukouDivision"], true["residenceDivision"]):
            if division:
                self.codes |= {division[:9].encode(), division[:12].encode()}
        if true["residenceAddress"]:
            self.texts |= set(_CHINESE.findall(true["residenceAddress"])[:1])

    def found_in(self, haystack: bytes) -> set[str]:
        """What of all this stands in some bytes."""
        return {*self._digits(haystack), *self._keys(haystack), *self._chinese(haystack), *self._encoded(haystack)}

    def _digits(self, haystack: bytes) -> Iterator[str]:
        for run in set(_DIGITS.findall(haystack)):
            if run in self.keys:
                yield f"key {run.decode()}"
            for length in _CODE_LENGTHS:
                for start in range(len(run) - length + 1):
                    if run[start : start + length].upper() in self.codes:
                        yield f"code {run[start : start + length].decode()}"

    def _keys(self, haystack: bytes) -> Iterator[str]:
        return (f"key {key.decode()}" for key in set(_KEYS.findall(haystack)) & self.keys)

    def _chinese(self, haystack: bytes) -> Iterator[str]:
        runs = "\n".join(set(_CHINESE.findall(haystack.decode("utf-8", "ignore"))))
        return (f"text {text}" for text in self.texts if text in runs) if runs else iter(())

    def _encoded(self, haystack: bytes) -> Iterator[str]:
        for value in self.known:
            for name, form in _forms(value):
                if form in haystack:
                    yield f"{name} {value}"


def _forms(value: str) -> Iterator[tuple[str, bytes]]:
    plain = value.encode()
    yield "UTF-8", plain
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "escaped", value.encode("unicode_escape")
    yield "percent", "".join(f"%{byte:02X}" for byte in plain).encode()
    for encoding in ("utf-16-le", "utf-16-be", "gb18030"):
        yield encoding, value.encode(encoding)
    for shift in range(3):
        # Whatever stands around them, these letters are the same: those at the edges mix with it and are cut off.
        first, last = -(-shift * 8 // 6), (shift + len(plain)) * 8 // 6
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            yield f"base64 at {shift}", alphabet(bytes(shift) + plain)[first:last]
