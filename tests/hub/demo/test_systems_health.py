"""Health's HTTP service."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.city.directory import CityDirectory
from hub.city.tables import TABLES
from hub.demo.systems.health import CLIENT_ID, SECRET_FILE, health_app, write_health_system
from schema.errors import ConfigurationError

_FIELDS = "vaccineCode,doseNo,givenAt,orgName"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, small_city: CityDirectory) -> Path:
    """The service's folder."""
    folder = tmp_path_factory.mktemp("health")
    assert write_health_system(folder, small_city) is True
    return folder


def _secret(data: Path) -> str:
    return (data / SECRET_FILE).read_text()


def _call(data: Path, *requests: dict[str, Any], token_life: int = 300, logged_in: bool = True) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(health_app(data, _secret(data), token_life))
        async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
            if logged_in:
                form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": _secret(data)}
                token = (await client.post("/oauth/token", data=form)).json()["access_token"]
                client.headers["Authorization"] = f"Bearer {token}"
            return [await client.request(**request) for request in requests]

    return asyncio.run(run())


def _get(url: str, **params: Any) -> dict[str, Any]:
    return {"method": "GET", "url": url, "params": params}


def _post(url: str, body: Any) -> dict[str, Any]:
    return {"method": "POST", "url": url, "json": body}


@pytest.mark.parametrize(
    "request_",
    [
        _get("/v1/about"),
        _get("/v1/patients", fields="gender"),
        _get("/v1/nothing"),
        _post("/v1/patients/batch", {"cardNumbers": [], "fields": ["gender"]}),
    ],
)
def test_nothing_is_told_without_a_token(data: Path, request_: dict[str, Any]) -> None:
    """Every address but the open two refuses alike."""
    (response,) = _call(data, request_, logged_in=False)
    assert response.status_code == 401
    assert response.json() == {"error": "invalid_token"}


def test_wrong_and_expired_tokens_are_refused(data: Path) -> None:
    """A made-up token and one past its life open nothing."""
    (made_up,) = _call(data, _get("/v1/about") | {"headers": {"Authorization": "Bearer x"}}, logged_in=False)
    (expired,) = _call(data, _get("/v1/about"), token_life=0)
    assert made_up.status_code == expired.status_code == 401


def test_token_needs_the_secret(data: Path) -> None:
    """A wrong secret, client or grant gives no token."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": _secret(data)}
    wrong = [form | {"client_secret": "x"}, form | {"client_id": "other"}, form | {"grant_type": "password"}]
    answers = _call(data, *({"method": "POST", "url": "/oauth/token", "data": f} for f in wrong), logged_in=False)
    assert [answer.status_code for answer in answers] == [401, 401, 400]
    assert all("access_token" not in answer.text for answer in answers)


def test_token_is_given_for_basic_credentials_too(data: Path) -> None:
    """RFC 6749 section 2.3.1: the client may authenticate in the header."""
    packed = base64.b64encode(f"{CLIENT_ID}:{_secret(data)}".encode()).decode()
    request = {"method": "POST", "url": "/oauth/token", "data": {"grant_type": "client_credentials"}}
    (answer,) = _call(data, request | {"headers": {"Authorization": f"Basic {packed}"}}, logged_in=False)
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 300


def test_about_says_synthetic_and_names_the_fields(data: Path) -> None:
    """A reader can check the mark and its mapping."""
    (about,) = _call(data, _get("/v1/about"))
    assert about.json()["dataOrigin"] == "SYNTHETIC"
    for resource, fields in about.json()["resources"].items():
        assert tuple(fields) == TABLES[f"health/{resource}"][1:]


def test_scan_is_complete_and_in_key_order(data: Path, small_city: CityDirectory) -> None:
    """Page by page every row comes once, whatever the page size."""

    async def run() -> list[tuple[Any, ...]]:
        transport = httpx.ASGITransport(health_app(data, _secret(data)))
        async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
            form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": _secret(data)}
            token = (await client.post("/oauth/token", data=form)).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            found: list[tuple[Any, ...]] = []
            params: dict[str, Any] = {"fields": _FIELDS, "limit": 137}
            while True:
                page = (await client.get("/v1/immunisations", params=params)).json()
                found += [(item["cardNumber"], *item["record"].values()) for item in page["items"]]
                if page["nextCursor"] is None:
                    return found
                params["cursor"] = page["nextCursor"]

    rows = asyncio.run(run())
    expected = [(c[0], c[1], int(c[2] or 0), c[3], c[4]) for c in small_city.read("health/immunisations")]
    assert sorted(rows) == sorted(expected)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_batch_answers_in_the_order_asked(data: Path, small_city: CityDirectory) -> None:
    """One item per key asked, repeated and unknown ones too, with the named fields only."""
    keys = [str(cells[0]) for cells in small_city.read("health/patients")][:3]
    asked = [keys[2], "\x00never", keys[0], keys[2]]
    body = {"cardNumbers": asked, "fields": ["gender", "idNo"]}
    (answer,) = _call(data, _post("/v1/patients/batch", body))
    items = answer.json()["items"]
    assert [item["cardNumber"] for item in items] == asked
    assert [len(item["records"]) for item in items] == [1, 0, 1, 1]
    assert set(items[0]["records"][0]) == {"gender", "idNo"}
    assert answer.json()["asOf"].endswith("Z")


def test_rows_come_newest_first(data: Path, small_city: CityDirectory) -> None:
    """Vaccinations of a child are listed from the latest back."""
    keys = list({str(cells[0]) for cells in small_city.read("health/immunisations")})[:50]
    body = {"cardNumbers": keys, "fields": ["givenAt"]}
    (answer,) = _call(data, _post("/v1/immunisations/batch", body))
    days = [[record["givenAt"][:10] for record in item["records"]] for item in answer.json()["items"]]
    assert max(len(own) for own in days) > 10
    assert all(own[0] == max(own) for own in days)


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        (_get("/v1/secrets", fields="x"), 404, "unknown_resource"),
        (_get("/v1/patients", fields="gender,shoeSize"), 400, "unknown_field"),
        (_get("/v1/patients"), 400, "unknown_field"),
        (_get("/v1/patients", fields="gender", limit="1001"), 400, "invalid_request"),
        (_get("/v1/patients", fields="gender", limit="-1"), 400, "invalid_request"),
        (_get("/v1/patients", fields="gender", cursor="###"), 400, "invalid_request"),
        (_post("/v1/patients/batch", [1]), 400, "invalid_request"),
        (_post("/v1/patients/batch", {"cardNumbers": ["a"], "fields": []}), 400, "unknown_field"),
        (_post("/v1/patients/batch", {"cardNumbers": ["a"], "fields": ['x" FROM patients']}), 400, "unknown_field"),
        (_post("/v1/patients/batch", {"cardNumbers": [1], "fields": ["gender"]}), 400, "invalid_request"),
        (_post("/v1/patients/batch", {"cardNumbers": ["a"] * 1001, "fields": ["gender"]}), 413, "too_many_keys"),
        ({"method": "POST", "url": "/v1/patients/batch", "content": b"{"}, 400, "invalid_request"),
        ({"method": "POST", "url": "/v1/patients/batch", "content": b" " * 1_000_001}, 413, "too_large"),
    ],
)
def test_bad_requests_are_refused_with_a_fixed_word(
    data: Path, request_: dict[str, Any], status: int, error: str
) -> None:
    """Each wrong request has its code and never a server error."""
    (answer,) = _call(data, request_)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_present_data_and_secret_stay(data: Path, small_city: CityDirectory) -> None:
    """A second start makes neither data nor secret anew; the secret is the owner's alone."""
    secret = _secret(data)
    assert write_health_system(data, small_city) is False
    assert _secret(data) == secret
    assert (data / SECRET_FILE).stat().st_mode & 0o777 == 0o600


def test_missing_database_is_one_clear_error(tmp_path: Path) -> None:
    """A folder without data does not become a service."""
    with pytest.raises(ConfigurationError, match="not there"):
        health_app(tmp_path, "secret")
