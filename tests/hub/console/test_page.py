"""The query page: nothing from outside, nothing kept, every word in two languages, usable without a mouse."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import hub.console.page
from hub.console.page import HEADERS, Example, routes
from hub.receipts import receipt_object
from privacy.model import Purpose
from schema.vocabulary import Decision, Department, FieldClass, Marker, Role, SourceStatus

STATIC = Path(hub.console.page.__file__).parent / "static"
FILES = sorted(STATIC.iterdir())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
LABELS: dict[str, dict[str, str]] = json.loads((STATIC / "labels.json").read_text(encoding="utf-8"))
VOID = {"meta", "link", "img", "input", "wbr", "br"}


class Page(HTMLParser):
    """The page's elements with their attributes and their own text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[int, str] = {}
        self.open: list[int] = []
        self.feed((STATIC / "index.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be of this name."""
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        """Note an element's own text."""
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data

    def having(self, attribute: str) -> Iterator[tuple[int, str]]:
        """Elements with an attribute: their number and its value."""
        for number, (_, attributes) in enumerate(self.elements):
            if attribute in attributes:
                yield number, attributes[attribute] or ""


PAGE = Page()


def purpose(code: str) -> Purpose:
    """A purpose with nothing but names."""
    return Purpose(
        code, code.title(), "用途", (), date(2026, 1, 1), None, frozenset(), Decision.READ, 1, False, False, False, {}
    )


def ask(path: str, method: str = "GET", **content: Any) -> httpx.Response:
    """The answer to one request to the mounted page."""
    app = Starlette(routes=[Mount("/console", routes=routes(**content))])

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
            return await client.request(method, path)

    return asyncio.run(run())


def test_every_file_is_served_under_the_headers() -> None:
    """Each file of the page, and each of its documents, is sent with every security header."""
    served = {"", "schema.json", "purposes.json", "examples.json"} | {path.name for path in FILES} - {"index.html"}
    for name in served:
        answer = ask(f"/console/{name}")
        assert answer.status_code == 200, name
        for header, value in HEADERS.items():
            assert answer.headers[header] == value


def test_policy_lets_nothing_else_in() -> None:
    """The content security policy begins with nothing and allows this origin's own files only."""
    rules = dict(rule.split(" ", 1) for rule in HEADERS["Content-Security-Policy"].split("; "))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("require-trusted-types-for") == "'script'"
    assert set(rules) >= {"script-src", "style-src", "connect-src", "frame-ancestors", "base-uri", "form-action"}
    assert set(rules.values()) == {"'self'", "'none'"}
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"


@pytest.mark.parametrize(
    "path", ["nothing", "../page.py", "%2e%2e/page.py", "static/index.html", "index.html", "labels.json/"]
)
def test_nothing_else_is_served(path: str) -> None:
    """There is no way from the page's address to any other file."""
    assert ask(f"/console/{path}").status_code in {307, 404}
    assert "import" not in ask(f"/console/{path}").text


def test_page_is_read_only() -> None:
    """The page's own addresses take no input."""
    assert ask("/console/examples.json", "POST").status_code == 405


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_outside_address(path: Path) -> None:
    """No file names an address elsewhere, so that the page works without a network and tells nobody."""
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"\w+://|[\"'(=]//|\bdata:|\bimport\(|url\(", text) == []


def test_every_reference_is_served() -> None:
    """Whatever a file loads is one of the page's own files."""
    referred = {value for attribute in ("src", "href") for _, value in PAGE.having(attribute)} - {"#document"}
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        referred |= {name.removeprefix("./") for name in re.findall(r'from "([^"]+)"', text)}
        referred |= set(re.findall(r'(?:fetch|getJson)\("([^"]+)"', text))
    assert "/graphql" in referred
    for name in referred - {"/graphql"}:
        assert ask(f"/console/{name}").status_code == 200, name


def test_page_holds_no_code() -> None:
    """The page has no inline script, style or event handler: the policy would refuse them."""
    for number, (tag, attributes) in enumerate(PAGE.elements):
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert tag != "style"
        if tag == "script":
            assert attributes["src"]
            assert not PAGE.texts.get(number, "").strip()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_is_kept_and_nothing_is_parsed_as_markup(path: Path) -> None:
    """The token stays in its field: no storage, no cookie; and no text of an answer can become markup or code."""
    forbidden = r"localStorage|sessionStorage|indexedDB|cookie|caches|serviceWorker|history\.|sendBeacon|postMessage"
    forbidden += (
        r"|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|setAttribute\(\"on"
    )
    assert re.findall(forbidden, path.read_text(encoding="utf-8")) == []


def test_every_label_exists_in_both_languages() -> None:
    """Each label has an English and a Chinese text, with the same places to fill."""
    for key, texts in LABELS.items():
        assert set(texts) == {"en", "zh"}, key
        assert texts["en"].strip()
        assert re.search(r"[\u4e00-\u9fff]", texts["zh"]), key
        assert not re.search(r"[\u4e00-\u9fff]", texts["en"]), key
        assert set(re.findall(r"\{\w+\}", texts["en"])) == set(re.findall(r"\{\w+\}", texts["zh"])), key


def used_in_scripts() -> set[str]:
    """Labels the scripts name outright."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    calls = re.findall(r'(?:label|setLabel)\((?:[^"()]*(?:\([^()]*\))?, )?(.*?)\)', text)
    return {name for call in calls for name in re.findall(r'"([a-z][\w.-]+)"', call)}


def test_every_label_that_is_used_exists() -> None:
    """No place of the page and no script asks for a label that is not there."""
    attributes = ("data-label", "data-label-aria", "data-label-placeholder")
    asked = {key for attribute in attributes for _, key in PAGE.having(attribute)} | used_in_scripts()
    assert asked <= LABELS.keys()
    families = {
        f"{prefix}."
        for prefix in ("department", "role", "class", "status", "marker", "decision", "outcome", "why", "receipt")
    }
    unused = {key for key in LABELS.keys() - asked if not key.startswith(tuple(families))}
    assert unused == set()


def test_every_word_of_the_vocabulary_has_a_label() -> None:
    """Departments, roles, classes, states, markers and decisions are shown in words, all of them."""
    words = {f"department.{word}" for word in Department} | {f"role.{word}" for word in Role}
    words |= {f"class.{word}" for word in FieldClass} | {f"status.{word}" for word in SourceStatus}
    words |= {f"marker.{word}" for word in Marker} | {f"decision.{word.name}" for word in Decision}
    assert words <= LABELS.keys()


def test_every_outcome_has_a_word() -> None:
    """Each outcome the findings can have is named, and the explained ones are explained."""
    order = re.search(r"const ORDER = (\[.*?\]);", (STATIC / "findings.js").read_text(encoding="utf-8"))
    explained = re.search(r"const EXPLAINED = (\[.*?\]);", (STATIC / "answer.js").read_text(encoding="utf-8"))
    assert order
    assert explained
    outcomes = set(json.loads(order[1]))
    assert {f"outcome.{word}" for word in outcomes} <= LABELS.keys()
    assert {f"why.{word}" for word in json.loads(explained[1])} <= LABELS.keys()
    assert {key.removeprefix("outcome.") for key in LABELS if key.startswith("outcome.")} == outcomes


def test_every_part_of_the_receipt_has_a_name() -> None:
    """What the hub's receipt says is shown under names in both languages."""
    record = SimpleNamespace(time=datetime(2026, 9, 1, tzinfo=UTC), agreement="a", policy_version="v")
    receipt = SimpleNamespace(record_id="id")
    parts = receipt_object(
        cast(Any, record), cast(Any, receipt), cast(Any, SimpleNamespace(purpose=purpose("statistics")))
    )
    names = set(parts) - {"terms"} | set(parts["terms"])
    assert {key.removeprefix("receipt.") for key in LABELS if key.startswith("receipt.")} == names


def test_page_is_complete_before_its_script() -> None:
    """The English on the page is the English of the labels, so that the page reads well before it is switched."""
    for number, key in PAGE.having("data-label"):
        assert PAGE.texts[number].strip() == LABELS[key]["en"]
    for number, key in PAGE.having("data-label-placeholder"):
        assert PAGE.elements[number][1]["placeholder"] == LABELS[key]["en"]
    for number, key in PAGE.having("data-label-aria"):
        assert PAGE.elements[number][1]["aria-label"] == LABELS[key]["en"]


def test_every_field_has_a_label() -> None:
    """Each field of the form is named for those who cannot see it, and no reference leads nowhere."""
    ids = [value for _, value in PAGE.having("id")]
    assert len(ids) == len(set(ids))
    labelled = {value for _, value in PAGE.having("for")}
    for tag, attributes in PAGE.elements:
        if tag in {"input", "select", "textarea"}:
            assert attributes["id"] in labelled
        if tag == "img":
            assert "alt" in attributes
        if tag == "th":
            assert attributes["scope"] in {"row", "col"}
        if tag == "button":
            assert attributes["type"] in {"button", "submit"}
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        assert {value for _, value in PAGE.having(attribute)} <= set(ids)
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    assert set(re.findall(r'(?:\bat|getElementById)\("([\w-]+)"\)', scripts)) <= set(ids)


def test_answers_are_announced() -> None:
    """The state of a request is announced to screen readers, and both result areas can be reached by keyboard."""
    live = [PAGE.elements[number][1]["id"] for number, value in PAGE.having("aria-live") if value == "polite"]
    assert live == ["status"]
    reachable = {PAGE.elements[number][1]["id"] for number, value in PAGE.having("tabindex") if value == "0"}
    assert reachable == {"response", "findings"}


def test_token_is_not_remembered_by_the_browser() -> None:
    """No field of the form asks the browser to remember or to check its content."""
    for tag, attributes in PAGE.elements:
        if tag in {"input", "textarea", "form"}:
            assert attributes["autocomplete"] == "off"


def test_purposes_fill_the_list() -> None:
    """The purposes given are offered with both names."""
    answer = ask("/console/purposes.json", purposes=[purpose("school-enrolment")])
    assert answer.json() == [{"code": "school-enrolment", "en": "School-Enrolment", "zh": "用途"}]


def test_examples_are_fresh_each_time() -> None:
    """Examples are asked for at every request, because their tokens expire; without a source there are none."""
    tokens = iter(["first", "second"])

    def source() -> list[Example]:
        return [Example("Enrol", "入学", "{ me { name } }", {"id": "x"}, "school-enrolment", token=next(tokens))]

    assert ask("/console/examples.json").json() == []
    app = routes(examples=source)
    assert next(tokens) == "first"
    assert any(route.path == "/examples.json" for route in app)
    (example,) = ask("/console/examples.json", examples=source).json()
    assert example["token"] == "second"
    assert set(example) == {"title", "title_zh", "document", "variables", "purpose", "case", "agreement", "token"}
