"""The HTTP kind: tokens are kept fresh, TLS is not optional, answers are bounded and checked."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse

from connectors.contract import Connector, RowFilter
from connectors.credentials import Credentials
from connectors.opening import create
from connectors.remote import RemoteClient
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.vocabulary import Source
from tests.connectors.sites import Site, build_site
from tests.connectors.town import PERSONS, key

T = TypeVar("T")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service that can be told to misbehave."""
    with build_site("http", tmp_path, lambda: "") as built:
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


def test_one_request_per_fetch(site: Site) -> None:
    """A fetch is one request, and the token is used again."""

    async def work(connector: Connector) -> Any:
        return [(await fetch(connector)).rows[0][0] for _ in range(3)]

    assert run(site, work) == [("张三",)] * 3
    assert site.how.requests == ["/v1/persons/batch"] * 3


def test_a_token_is_renewed_before_it_expires(site: Site) -> None:
    """A token that is about to expire is not used; many requests at once renew it once."""
    site.how.token_life = 1

    async def work(connector: Connector) -> None:
        await asyncio.sleep(1.1)
        await asyncio.gather(*(fetch(connector) for _ in range(8)))

    run(site, work)
    assert site.how.requests.count("/token") == 1


def test_a_refused_token_is_renewed_once(site: Site) -> None:
    """A 401 renews the token and asks again, once."""

    async def work(connector: Connector) -> Any:
        site.how.refuse_token = 1
        first = (await fetch(connector)).rows[0][0]
        site.how.refuse_token = 2
        with pytest.raises(SourceError) as caught:
            await fetch(connector)
        return first, caught.value.code, (await fetch(connector)).rows[0][0]

    assert run(site, work) == (("张三",), ErrorCode.SOURCE_UNAVAILABLE, ("张三",))
    batch = "/v1/persons/batch"
    assert site.how.requests == [batch, "/token", batch, batch, "/token", batch, batch]


def test_wrong_credentials_are_an_unavailable_source(site: Site) -> None:
    """A client that is refused by the token endpoint cannot open; the secret is not in the error."""
    wrong = Credentials(client_id="hub", client_secret="wrong canary")
    with pytest.raises(SourceError, match="status 401") as caught:
        run(site, fetch, credentials=wrong)
    assert caught.value.code is ErrorCode.SOURCE_UNAVAILABLE
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(wrong)


def test_data_is_as_old_as_the_service_says(site: Site) -> None:
    """The answer's own time is the age of the data."""

    async def work(connector: Connector) -> Any:
        return (await fetch(connector)).as_of

    assert run(site, work) == datetime(2026, 11, 1, 3, 4, 5, tzinfo=UTC)


def _items(*records: Any) -> Callable[[], Response]:
    return lambda: JSONResponse({"items": [{"key": key(1), "records": list(records)}]})


@pytest.mark.parametrize(
    "answer",
    [
        _items({"x_name": ["张三"]}),
        _items({"x_name": {"first": "张"}}),
        _items({"other": "张三"}),
        _items("张三"),
        lambda: JSONResponse({"items": [{"key": key(2), "records": []}]}),
        lambda: JSONResponse({"items": [{"key": key(1)}]}),
        lambda: JSONResponse({"items": []}),
        lambda: JSONResponse({"items": [{"key": key(1), "records": []}], "asOf": "yesterday"}),
        lambda: JSONResponse({"items": [{"key": key(1), "records": []}], "asOf": 7}),
        lambda: JSONResponse([]),
        lambda: Response("<html>"),
        lambda: Response(b"\xff\xfe"),
    ],
)
def test_rubbish_is_of_bad_quality(site: Site, answer: Callable[[], Response]) -> None:
    """Values that are no values, missing fields, other lengths and orders, other shapes: not understood."""

    async def work(connector: Connector) -> ErrorCode:
        site.how.answer = answer
        with pytest.raises(SourceError) as caught:
            await fetch(connector)
        return caught.value.code

    assert run(site, work) is ErrorCode.SOURCE_QUALITY


def test_large_answers_are_cut_off(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body larger than the limit is dropped while it is read."""
    monkeypatch.setattr("connectors.remote._LARGEST_BODY", 100_000)

    async def large() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    async def work(connector: Connector) -> str:
        site.how.answer = lambda: StreamingResponse(large(), media_type="application/json")
        with pytest.raises(SourceError) as caught:
            await fetch(connector)
        return str(caught.value)

    assert run(site, work).endswith("(the answer is too large)")


def test_a_service_that_hangs_is_given_up(site: Site) -> None:
    """After the deadline the fetch ends as timed out, and the connector goes on."""

    async def work(connector: Connector) -> Any:
        site.how.hang = True
        with pytest.raises(SourceError) as caught:
            await fetch(connector)
        site.how.hang = False
        return caught.value.timed_out, (await fetch(connector)).rows[0][0]

    assert run(site, work, deadline=0.3) == (True, ("张三",))


def test_a_missing_field_is_named_with_its_line(site: Site) -> None:
    """A field the service does not have is found at opening, by the line of the mapping."""
    path = site.specs[Source.POLICE].mapping
    path.write_text(path.read_text(encoding="utf-8").replace('"x_sex"', '"x_gender"'), encoding="utf-8")
    line = next(n for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "x_gender" in text)
    with pytest.raises(ConfigurationError) as caught:
        run(site, fetch)
    assert str(caught.value).startswith(f"{path}:{line - 1}: endpoint `persons` has no column `x_gender`")


def test_a_missing_endpoint_is_named_with_its_line(site: Site) -> None:
    """An endpoint the service does not have is found at opening."""
    path = site.specs[Source.POLICE].mapping
    path.write_text(path.read_text(encoding="utf-8").replace('"endpoint": "persons"', '"endpoint": "people"'))
    with pytest.raises(ConfigurationError, match="endpoint `people` does not exist or may not be read"):
        run(site, fetch)


def test_plain_http_is_for_this_machine_or_synthetic_sources(site: Site) -> None:
    """Plain http elsewhere is refused unless the source says that it is synthetic; other schemes always."""
    address = site.specs[Source.POLICE].address.replace("127.0.0.1", "127.0.0.2")
    connector = create(replace(site.specs[Source.POLICE], address=address))
    client = RemoteClient(address, Credentials(), None, 1.0)
    assert client.is_exposed
    asyncio.run(client.close())
    assert not connector.synthetic
    for wrong in ("ftp://127.0.0.1/", "127.0.0.1:80", "file:///etc/passwd"):
        with pytest.raises(ConfigurationError, match="must start with"):
            RemoteClient(wrong, Credentials(), None, 1.0)


def test_exposed_sources_must_be_synthetic(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over plain http to another machine a source without the mark is not opened, and one with it is."""
    monkeypatch.setattr("connectors.remote._LOOPBACK", frozenset())
    assert run(site, fetch).rows[0][0] == ("张三",)
    path = site.specs[Source.POLICE].mapping
    path.write_text(path.read_text(encoding="utf-8").replace('"origin": "dataOrigin"', '"origin": "kind"'))
    with pytest.raises(ConfigurationError, match="synthetic sources only"):
        run(site, fetch)


def test_tls_is_verified_and_its_files_are_read(tmp_path: Path) -> None:
    """Certificates and host names are always checked; files that cannot be read are the operator's mistake."""
    client = RemoteClient("https://127.0.0.1:1/", Credentials(), None, 1.0)
    transport = client._client._transport
    context = transport._pool._ssl_context  # type: ignore[attr-defined]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    asyncio.run(client.close())
    for wrong in (Credentials(authorities=tmp_path / "none"), Credentials(certificate=tmp_path / "none")):
        with pytest.raises(ConfigurationError, match="TLS files cannot be read"):
            RemoteClient("https://127.0.0.1:1/", wrong, None, 1.0)
