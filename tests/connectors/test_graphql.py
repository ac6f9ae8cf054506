"""The GraphQL kind: keys in variables only, entities in order, names checked."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.responses import JSONResponse, Response

from connectors.contract import Connector, RowFilter
from connectors.credentials import Credentials
from connectors.opening import create
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.ids import SourceKey
from schema.vocabulary import Source
from tests.connectors.sites import Site, build_site
from tests.connectors.town import PERSONS, key

T = TypeVar("T")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service that can be told to misbehave."""
    with build_site("graphql", tmp_path, lambda: "") as built:
        yield built


def run(site: Site, work: Callable[[Connector], Awaitable[T]], **changed: Any) -> T:
    """Open, work, close."""

    async def all_of_it() -> T:
        connector = create(replace(site.specs[Source.POLICE], **changed))
        await connector.open()
        site.how.requests.clear()
        try:
            return await work(connector)
        finally:
            await connector.close()

    return asyncio.run(all_of_it())


async def fetch(connector: Connector) -> Any:
    """One fetch of one name."""
    return await connector.fetch(PERSONS.name, [key(1)], ["name"], RowFilter())


def test_one_request_per_fetch_dated_by_the_service(site: Site) -> None:
    """Entities and the age of the data come in one request."""

    async def work(connector: Connector) -> Any:
        found = await fetch(connector)
        return found.rows[0][0], found.as_of

    assert run(site, work) == (("张三",), datetime(2026, 11, 1, 3, 4, 5, tzinfo=UTC))
    assert site.how.requests == ["/graphql"]


def test_keys_travel_in_variables_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is never part of the document."""
    documents: list[str] = []
    original = json.loads

    def spying(body: Any) -> Any:
        found = original(body)
        documents.append(found["query"])
        return found

    async def work(connector: Connector) -> None:
        monkeypatch.setattr("tests.connectors.services.json.loads", spying)
        await connector.fetch(PERSONS.name, [key(1), SourceKey('K"} canary')], ["name"], RowFilter())

    run(site, work)
    assert len(documents) == 1
    assert key(1) not in documents[0]
    assert "canary" not in documents[0]


def test_a_wrong_service_token_is_an_unavailable_source(site: Site) -> None:
    """A refused token does not open the source, and is not in the error."""
    with pytest.raises(SourceError, match="status 401") as caught:
        run(site, fetch, credentials=Credentials(token="wrong canary"))
    assert "canary" not in str(caught.value)


def _data(*entities: Any) -> Callable[[], Response]:
    about = {"asOf": "2026-11-01T03:04:05Z"}
    return lambda: JSONResponse({"data": {"_entities": list(entities), "about": about}})


@pytest.mark.parametrize(
    "answer",
    [
        _data(),
        _data({"key": key(2), "x_name": "李四"}),
        _data({"key": key(1), "x_name": ["张三"]}),
        _data({"key": key(1)}),
        _data("张三"),
        _data({"key": key(1), "x_name": "张三"}, None),
        lambda: JSONResponse({"data": {"_entities": None}}),
        lambda: JSONResponse({"data": None}),
        lambda: JSONResponse({"data": {"_entities": [None], "about": None}}),
    ],
)
def test_rubbish_is_of_bad_quality(site: Site, answer: Callable[[], Response]) -> None:
    """Entities of others, of other shapes or in other numbers are not understood."""

    async def work(connector: Connector) -> ErrorCode:
        site.how.answer = answer
        with pytest.raises(SourceError) as caught:
            await fetch(connector)
        return caught.value.code

    assert run(site, work) is ErrorCode.SOURCE_QUALITY


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"x_sex"', '"x_gender"', "has no column `x_gender`"),
        ('"type": "persons"', '"type": "people"', "type `people` does not exist"),
        ('"x_sex"', '"x_sex } evil {"', "`x_sex } evil {` is not a GraphQL name"),
        ('"type": "persons"', '"type": "per sons"', "`per sons` is not a GraphQL name"),
        ('"pages": "all{name}"', '"pages": "all {name}"', "is not a GraphQL name"),
    ],
)
def test_mappings_that_do_not_fit_are_refused(site: Site, old: str, new: str, message: str) -> None:
    """Missing types and fields, and names that are none, are found before anything is asked."""
    path = site.specs[Source.POLICE].mapping
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"police\.yaml:\d+: ") as caught:
        run(site, fetch)
    assert message in str(caught.value)
