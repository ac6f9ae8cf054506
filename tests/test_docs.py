"""The pages say what the code does: each list of a page is compared with the list in the code."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from graphql import parse, validate

from hub.commands import main as program
from schema.errors import TEXTS
from schema.query import build_schema
from schema.vocabulary import (
    Answer,
    Assurance,
    Decision,
    Department,
    FieldClass,
    Level,
    Marker,
    Role,
    RowScope,
    SourceStatus,
    SubjectClass,
)
from tests.house import PACKAGES, ROOT
from tests.reference import PAGES

DOCS = ROOT / "docs"
NOT_OURS = {".git", ".hub", ".venv", "build", "dist", "node_modules"}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
ADDRESS = re.compile(
    r"https?://[^ \"]*(/simple/|\.whl|\.tar\.gz|/-/[^ \"]*\.tgz)|\"resolved\": *\"http|"
    r"^registry *= *|--(extra-)?index-url",
    re.MULTILINE,
)


@lru_cache(maxsize=1)
def texts() -> dict[Path, str]:
    """Every text file of the repository."""
    found = {}
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if not path.is_file() or NOT_OURS & set(parts) or any(part.endswith(("_cache", ".egg-info")) for part in parts):
            continue
        data = path.read_bytes()
        if b"\x00" not in data and "__pycache__" not in parts and ".hypothesis" not in parts:
            found[path] = data.decode("utf-8", "replace")
    return found


def pages() -> dict[Path, str]:
    """Every page."""
    return {path: text for path, text in texts().items() if path.suffix == ".md"}


def table_rows(page: str) -> Iterator[list[str]]:
    """The cells of every table row of a page."""
    for line in page.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def first_codes(page: str) -> set[str]:
    """What stands as code in the first cell of any row."""
    return {code for row in table_rows(page) for code in re.findall(r"`([^`]+)`", row[0])}


def read(name: str) -> str:
    """One page of docs/ or of the root."""
    return (DOCS / name if (DOCS / name).exists() else ROOT / name).read_text(encoding="utf-8")


def test_written_pages_are_fresh(tmp_path: Path) -> None:
    """Pages written from the code are what `make docs` would write today."""
    subprocess.run([sys.executable, "-m", "tests.reference", str(tmp_path)], cwd=ROOT, check=True)
    stale = [name for name in PAGES if (DOCS / name).read_bytes() != (tmp_path / name).read_bytes()]
    assert stale == []


def test_every_error_code_is_explained() -> None:
    """docs/errors.md has one row per code with its very text, and no other code."""
    rows = {row[0].strip("`"): row[1] for row in table_rows(read("errors.md")) if row[0].startswith("`")}
    assert rows == {code.value: text for code, text in TEXTS.items()}


def raised_statuses() -> set[tuple[str, str]]:
    """(code, HTTP status) for every client error the packages raise by name."""
    defaults = {"TokenError": 401, "RequestError": 400, "RefusedError": 403, "BusyError": 503}
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in defaults or not node.args:
                continue
            code = re.fullmatch(r"ErrorCode\.(\w+)", ast.unparse(node.args[0]))
            status = next((ast.literal_eval(k.value) for k in node.keywords if k.arg == "status"), None)
            if code:
                found.add((code[1], str(status or defaults[ast.unparse(node.func)])))
    return found


def test_every_status_is_said() -> None:
    """docs/errors.md names each HTTP status that a code is raised with; 400 may end as an error at a path."""
    told = {row[0].strip("`"): row[3] for row in table_rows(read("errors.md")) if row[0].startswith("`")}
    told |= {code: f"{status}, 400" for code, status in told.items() if "at a path" in status}
    assert [(code, status) for code, status in sorted(raised_statuses()) if status not in told[code]] == []


@pytest.mark.parametrize(
    "words",
    [Department, Role, Level, Assurance, FieldClass, Decision, RowScope, SubjectClass, Answer, Marker, SourceStatus],
)
def test_every_word_is_in_the_glossary(words: type[Department]) -> None:
    """Each member of a closed set stands in docs/glossary.md."""
    spellings = {str(word.value) if isinstance(word.value, str) else str(word.name) for word in words}
    known = set(re.findall(r"`([^`]+)`", read("glossary.md")))
    assert spellings - {"NONE"} <= known


def test_the_query_page_speaks_the_glossary() -> None:
    """Departments, roles, classes, decisions, markers and statuses have one Chinese word everywhere."""
    labels = json.loads((ROOT / "hub" / "console" / "static" / "labels.json").read_text(encoding="utf-8"))
    glossary = read("glossary.md")
    closed = ("department.", "role.", "class.", "decision.", "marker.", "status.")
    shown = {key: text["zh"] for key, text in labels.items() if key.startswith(closed) and key != "status.asked"}
    assert {key: word for key, word in shown.items() if word not in glossary} == {}


def test_every_direct_dependency_is_explained() -> None:
    """docs/dependencies.md has one row per direct dependency, and no other library."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    named = {re.split(r"[\[>=<;~! ]", line)[0] for line in lines}
    libraries = read("dependencies.md").partition("## Data")[0]
    assert first_codes(libraries) == named


def test_the_lock_pins_every_direct_dependency() -> None:
    """requirements.lock pins what pyproject.toml names, with hashes, and names no address."""
    lock = read("requirements.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["dev"]
    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==\S+(?: ; [^\\]+)? \\$", lock, re.MULTILINE))
    assert {re.split(r"[\[>=<;~! ]", line)[0] for line in lines} <= pinned
    assert "://" not in lock


def test_every_link_leads_somewhere() -> None:
    """Each relative link and picture of a page exists, and so does the heading it names."""
    broken = []
    for page, text in pages().items():
        for target in (one or other for one, other in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))):
            if "://" in target or target.startswith("mailto:"):
                continue
            file, _, heading = unquote(target).partition("#")
            path = (page.parent / file).resolve() if file else page
            if not path.exists() or (heading and heading not in headings(path)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_pictures_are_there() -> None:
    """The pages' pictures are pictures: an SVG that parses as text, a PNG that begins as one."""
    for picture in (DOCS / "images").iterdir():
        start = picture.read_bytes()[:8]
        assert start == b"\x89PNG\r\n\x1a\n" if picture.suffix == ".png" else start.startswith(b"<svg"), picture.name


def test_no_page_and_no_file_names_a_machine_or_a_download() -> None:
    """No file names the folder it lies in, somebody's home, or an address that packages are fetched from."""
    places = [
        str(ROOT) + "/",
        *([f"{ROOT.parent}/"] if len(ROOT.parent.parts) > 1 and ROOT.parent.name != "tmp" else []),
    ]
    found = [
        f"{path.relative_to(ROOT)}: {hit}"
        for path, text in texts().items()
        for hit in [
            *(place for place in places if place in text),
            *re.findall(r"(?<![\w./-])/(?:home|root)/\w+", text),
            *(match[0] for match in ADDRESS.finditer(text)),
        ]
    ]
    assert found == []


def code_lines() -> Iterator[tuple[str, str]]:
    """(page, line) of everything that stands as code in a page."""
    for page, text in pages().items():
        blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
        indented = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
        inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for line in [*inline, *indented, *(line for block in blocks for line in block.splitlines())]:
            yield str(page.relative_to(ROOT)), line.strip().removeprefix("$ ").removeprefix(".venv/bin/")


def test_every_command_named_exists() -> None:
    """Each `hub …` and `make …` that a page tells the reader to type can be typed."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = []
    for page, line in code_lines():
        words = line.split()
        if words[:1] == ["make"] and words[1:] and not words[1].startswith(("-", "PYTHON")) and words[1] not in targets:
            unknown.append(f"{page}: {line}")
        if words[:1] == ["hub"] and not is_command(words[1:]):
            unknown.append(f"{page}: {line}")
    assert unknown == []


def test_every_file_named_exists() -> None:
    """Each file or folder of the repository that a page names is there."""
    place = re.compile(r"(?:schema|auth|privacy|connectors|hub|tests|docs|docker)/[\w./-]*")
    words = [(page, line.split(":")[0]) for page, line in code_lines()]
    assert [(page, word) for page, word in words if place.fullmatch(word) and not (ROOT / word).exists()] == []


def is_command(words: list[str]) -> bool:
    """Whether these words walk down the tree of commands."""
    command: click.Command = program
    for word in words:
        if not isinstance(command, click.Group) or not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
            return True
        inner = command.commands.get(word)
        if inner is None:
            return False
        command = inner
    return True


def test_every_query_shown_is_valid() -> None:
    """Each GraphQL operation in a page fits the schema."""
    schema = build_schema()._schema
    blocks = [
        (page, block)
        for page, text in pages().items()
        for block in re.findall(r"```graphql\n(.*?)```", text, re.DOTALL)
        if block.startswith(("query", "{"))
    ]
    wrong = [f"{page.name}: {error.message}" for page, block in blocks for error in validate(schema, parse(block))]
    assert blocks
    assert wrong == []


def test_every_program_shown_compiles() -> None:
    """Each Python program and each JSON document in a page parses."""
    programs = [(page, *found) for page, text in pages().items() for found in BLOCK.findall(text)]
    for page, language, block in programs:
        if language == "python":
            compile(block, str(page), "exec")
        if language == "json":
            json.loads(block)
    assert {language for _, language, _ in programs} >= {"python", "json"}


def test_both_readmes_say_the_same() -> None:
    """README.md and README.zh-CN.md have the same sections, commands, pictures and links."""
    english, chinese = read("README.md"), read("README.zh-CN.md")

    def skeleton(text: str) -> tuple[int, list[str], list[str]]:
        links = [one or other for one, other in LINK.findall(text)]
        return (
            len(re.findall(r"^## ", text, re.MULTILINE)),
            re.findall(r"```\w*\n(.*?)```", text, re.DOTALL),
            sorted(link for link in links if not link.startswith("README")),
        )

    assert skeleton(english) == skeleton(chinese)


def test_the_changelog_knows_this_version() -> None:
    """CHANGELOG.md has a heading for the version of pyproject.toml, or for what is not released yet."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(rf"^## \[({re.escape(version)}|Unreleased)\]", read("CHANGELOG.md"), re.MULTILINE)


def test_every_refused_use_is_stated() -> None:
    """SECURITY.md states R1 to R9, one row each."""
    assert [row[0] for row in table_rows(read("SECURITY.md")) if re.fullmatch(r"R\d", row[0])] == [
        f"R{number}" for number in range(1, 10)
    ]
