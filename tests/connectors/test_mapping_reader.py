"""Mapping files are read strictly; every complaint names file and line."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.mapping import Condition, Place, RaiseScope
from connectors.mapping_reader import LANGUAGE, REQUIRED_RAISES, read_mapping
from connectors.opening import SourceKind, mapping_path
from schema.catalogue import COLLECTIONS
from schema.errors import ConfigurationError
from schema.ids import CollectionName
from schema.vocabulary import FieldClass, Source

GOOD = """\
source: police
max_age: 2d
authoritative: [name, residence_since]
codes:
  kinds: {1: RENTED, 02: OWNED}
collections:
  residence_registrations:
    table: gx.v
    key: k
    order: [-d, n]
    only: {empty: [x], values: {y: [A, B]}}
    current: {empty: z, latest: d}
    max_age: 12h
    columns:
      registered_on: {from: d, date: "%Y/%m/%d"}
      cancelled_on: {from: z, date: ["%Y/%m/%d", "%Y%m%d"]}
      dwelling_kind: {from: f, codes: kinds}
      reason: {from: r, codes: {10: MEDICAL}}
      address: a
    raises:
      - {column: reason, scope: value, codes: {MEDICAL: HEALTH}}
"""


def write(folder: Path, text: str) -> Path:
    """A mapping file."""
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> tuple[int, str]:
    """Line and text of the complaint about a file."""
    path = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        read_mapping(path)
    match = re.fullmatch(re.escape(str(path)) + r":(\d+): (.*)", str(caught.value))
    assert match is not None, caught.value
    return int(match[1]), match[2]


def test_everything_is_read(tmp_path: Path) -> None:
    """Each key of the language arrives where it belongs."""
    mapping = read_mapping(write(tmp_path, GOOD))
    collection = mapping.collections[CollectionName("police.residence_registrations")]
    assert mapping.source is Source.POLICE
    assert mapping.authoritative == {"name", "residence_since"}
    assert (collection.location.place, collection.location.name, collection.key) == (Place.TABLE, "gx.v", "k")
    assert (collection.order, collection.max_age, collection.single) == (("-d", "n"), timedelta(hours=12), False)
    assert collection.only == Condition(("x",), {"y": frozenset({"A", "B"})})
    assert collection.current is not None
    assert (collection.current.condition.empty, collection.current.latest) == (("z",), "d")
    assert collection.columns["cancelled_on"].formats == ("%Y/%m/%d", "%Y%m%d")
    assert collection.columns["dwelling_kind"].codes == {"1": "RENTED", "02": "OWNED"}
    assert collection.columns["address"].origin == "a"
    (rule,) = collection.raises
    assert (rule.column, rule.scope, rule.classes) == ("reason", RaiseScope.VALUE, {"MEDICAL": FieldClass.HEALTH})


def test_source_columns_name_their_lines(tmp_path: Path) -> None:
    """Every source column is known with the line that names it, for complaints about the live source."""
    collection = next(iter(read_mapping(write(tmp_path, GOOD)).collections.values()))
    assert collection.source_columns() == {"k": 8, "d": 15, "z": 16, "f": 17, "r": 18, "a": 19, "x": 8, "y": 8, "n": 8}


REPLACEMENTS: Mapping[str, tuple[str, str, int, str]] = {
    "unknown top key": ("max_age: 2d", "maxage: 2d", 2, "unknown key `maxage`"),
    "unknown collection key": ("table: gx.v", "tabel: gx.v", 8, "unknown key `tabel`"),
    "unknown column key": ("{from: f, codes: kinds}", "{from: f, code: kinds}", 17, "unknown key `code`"),
    "unknown source": ("source: police", "source: polise", 1, "`polise` is not one of"),
    "unknown collection": ("  residence_registrations:", "  residences:", 7, "no collection `police.residences`"),
    "unknown column": ("address: a", "adress: a", 19, "no column `adress`"),
    "missing key": ("    key: k\n", "", 8, "key `key` is missing"),
    "two places": ("key: k", "key: k\n    file: x.csv", 8, "exactly one of"),
    "sheet of a table": ("key: k", "key: k\n    sheet: s", 10, "`sheet` does not go with `table`"),
    "key twice": ("address: a", "address: a\n      address: b", 20, "key `address` occurs twice"),
    "unknown code": ("{10: MEDICAL}", "{10: ILL}", 18, "`ILL` is not a code of column `reason`"),
    "unknown table": ("codes: kinds", "codes: sorts", 17, "no code table `sorts`"),
    "codes of a text": ("address: a", "address: {from: a, codes: kinds}", 19, "has no codes"),
    "date of a text": ("address: a", 'address: {from: a, date: "%Y%m%d"}', 19, "is a string, not a date"),
    "bad format": ('"%Y%m%d"]', '"%y%m%d"]', 16, "`%y` is not a known part"),
    "half a format": ('"%Y%m%d"]', '"%Y%m"]', 16, "needs `%d` once"),
    "no from": ("{from: f, codes: kinds}", "{codes: kinds}", 17, "either `from` or `constant`"),
    "constant with more": ("{from: f, codes: kinds}", "{constant: OWNED, codes: kinds}", 17, "goes with no other"),
    "constant not a code": ("{from: f, codes: kinds}", "{constant: CAVE}", 17, "`CAVE` is not one of"),
    "constant of a date": ('{from: d, date: "%Y/%m/%d"}', "{constant: 2026-01-01}", 15, "can be constant"),
    "latest of no date": ("latest: d", "latest: a", 12, "mapped to a date; `a` is not"),
    "latest unsortable": ('{from: d, date: "%Y/%m/%d"}', '{from: d, date: "%d.%m.%Y"}', 12, "sort as text"),
    "latest of two spellings": ("latest: d", "latest: z", 12, "sort as text"),
    "raise of no column": ("column: reason", "column: motive", 21, "`motive` is not one of"),
    "raise of no code": ("{MEDICAL: HEALTH}}", "{MEDICINE: HEALTH}}", 21, "`MEDICINE` is not one of"),
    "raise to no class": ("{MEDICAL: HEALTH}}", "{MEDICAL: SICK}}", 21, "`SICK` is not one of"),
    "raise of no scope": ("scope: value", "scope: column", 21, "`column` is not one of"),
    "bad age": ("max_age: 12h", "max_age: 12 hours", 13, "expected an age"),
    "not its attribute": ("[name, ", "[marital_status, ", 3, "`marital_status` is not one of"),
    "list for text": ("key: k", "key: [k]", 9, "expected a text"),
    "text for list": ("    raises:\n      - ", "    raises: x #", 20, "expected a list"),
    "null": ("key: k", "key: null", 9, "expected a text"),
    "text for mapping": ("{empty: z, latest: d}", "yes", 12, "expected a mapping"),
    "bad yaml": ("[-d, n]", "[-d, n", 11, "not valid YAML"),
    "merge key": ("    key: k", "    <<: {key: k}", 9, "unknown key `<<`"),
}


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_mistakes_are_refused_with_their_line(name: str, tmp_path: Path) -> None:
    """A mapping with one mistake is refused, with the line of the mistake."""
    old, new, line, message = REPLACEMENTS[name]
    assert GOOD.count(old) == 1
    found_line, found = complaint(tmp_path, GOOD.replace(old, new))
    assert message in found
    assert found_line == line


@pytest.mark.parametrize("text", ["", "- a\n", "{}", "source: police\n"])
def test_files_that_are_no_mapping(text: str, tmp_path: Path) -> None:
    """An empty file, a list, or a mapping without collections is refused at its first line."""
    assert complaint(tmp_path, text)[0] == 1


def test_unreadable_files(tmp_path: Path) -> None:
    """A missing, binary or huge file is refused, too."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_mapping(tmp_path / "none.yaml")
    path = tmp_path / "mapping.yaml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_mapping(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigurationError, match="larger than"):
        read_mapping(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    raises:\n      - {column: reason, scope: value, codes: {MEDICAL: HEALTH}}\n", "", "must raise `reason`"),
        ("{MEDICAL: HEALTH}}", "{MEDICAL: BASIC}}", "code `MEDICAL` to HEALTH"),
        ("scope: value", "scope: row", "must raise `reason`"),
    ],
)
def test_raising_is_not_a_choice(old: str, new: str, message: str, tmp_path: Path) -> None:
    """A mapping that leaves out a raise the law asks for is refused."""
    assert message in complaint(tmp_path, GOOD.replace(old, new))[1]


def test_codes_that_decide_over_rows_must_be_mapped(tmp_path: Path) -> None:
    """Insurances without their kind could not be told from maternity insurance."""
    places = "    file: a\n    key: k\n    columns: {status: s}\n"
    text = f"source: human-resources\ncollections:\n  social_insurances:\n{places}"
    line, found = complaint(tmp_path, text)
    assert (line, "column `kind` must be mapped" in found) == (4, True)


def test_services_keep_their_own_order(tmp_path: Path) -> None:
    """A service cannot be told to sort."""
    places = "    endpoint: e\n    key: k\n    order: [a]\n    columns: {status: s}\n"
    text = f"source: health\ncollections:\n  enrolments:\n{places}"
    assert complaint(tmp_path, text) == (
        6,
        "`order` does not go with `endpoint` or `type`: a service keeps its own order",
    )


@pytest.mark.parametrize("source", list(Source))
def test_shipped_mappings_fit_the_catalogue(source: Source) -> None:
    """Each shipped mapping maps every column of every collection it has."""
    mapping = read_mapping(mapping_path("demo-city", source))
    for name, collection in mapping.collections.items():
        assert set(collection.columns) == set(COLLECTIONS[name].columns), name


def test_shared_attributes_have_one_authority() -> None:
    """Every attribute of the migrant has exactly one authoritative source among the shipped mappings."""
    claims = [read_mapping(mapping_path("demo-city", source)).authoritative for source in Source]
    everything = sorted(name for claim in claims for name in claim)
    assert everything == sorted({*everything})
    assert {"name", "sex", "birth_date", "marital_status", "residence_address"} <= {*everything}


def test_every_key_is_documented() -> None:
    """Each key of the language stands in `docs/connectors.md`, and each kind of source does."""
    page = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text(encoding="utf-8")
    for place, keys in LANGUAGE.items():
        for word in (place, *keys):
            assert f"`{word}`" in page, word
    for kind in SourceKind:
        assert f"`{kind}`" in page


def test_required_raises_name_real_codes() -> None:
    """What must be raised exists in the schema."""
    for (place, column), (_, classes) in REQUIRED_RAISES.items():
        codes = COLLECTIONS[CollectionName(place)].columns[column].codes
        assert codes is not None
        assert set(classes) <= set(codes.__members__)
