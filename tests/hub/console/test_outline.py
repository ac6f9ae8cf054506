"""The schema explorer shows every field in both languages, with what it may reveal."""

import orjson
import pytest

from hub.console.outline import Outline, schema_outline, split_description
from schema.catalogue import FIELDS
from schema.checks import CHECKS


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("Kind. 户口类别", ("Kind", "户口类别")),
        ("Kinds of dwelling 住所类别", ("Kinds of dwelling", "住所类别")),
        ("UNKNOWN never grounds a refusal. 是、否、未知", ("UNKNOWN never grounds a refusal", "是、否、未知")),
        ("在管", ("", "在管")),
        ("Plain English.", ("Plain English.", "")),
        ("", ("", "")),
    ],
)
def test_descriptions_are_split(text: str, halves: tuple[str, str]) -> None:
    """A description's two languages are told apart."""
    assert split_description(text) == halves


def fields() -> dict[str, Outline]:
    """Every field shown, by schema coordinate."""
    types = schema_outline()["types"]
    return {f"{name}.{field['name']}": field for name, entry in types.items() for field in entry["fields"]}


def test_every_field_speaks_both_languages() -> None:
    """No field and no type lacks its English or its Chinese."""
    entries = dict(schema_outline()["types"]) | fields()
    assert [name for name, entry in entries.items() if not entry["en"] or not entry["zh"]] == []


def test_every_held_field_shows_its_class() -> None:
    """Class, source and what locates are shown as the catalogue has them."""
    shown = fields()
    for info in FIELDS.values():
        entry = shown[info.id]
        assert (entry["class"], entry["source"]) == (info.slot.field_class, info.slot.source)
        assert entry["locates"] is info.locates


def test_every_check_shows_its_class() -> None:
    """A check has the class of the strictest thing it reads, and locates."""
    shown = fields()
    for check in CHECKS.values():
        entry = shown[check.id]
        assert (entry["class"], entry["source"], entry["locates"]) == (check.field_class, check.source, True)


def test_tree_has_no_loose_ends() -> None:
    """Every field that is not a leaf leads to a type that is shown, beginning with the root."""
    types = schema_outline()["types"]
    assert "migrant" in {field["name"] for field in types["Query"]["fields"]}
    for name, field in fields().items():
        inner = field["type"].strip("[]!")
        assert field["leaf"] is (inner not in types), name


def test_outline_is_json() -> None:
    """The outline can be sent as it is."""
    assert orjson.loads(orjson.dumps(schema_outline()))["types"]["Checks"]["fields"]
