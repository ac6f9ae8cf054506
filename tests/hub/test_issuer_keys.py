"""Issuers' keys are kept fresh beside the requests, and a failing issuer does no harm."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from auth.issuers import Issuer, IssuerDirectory
from auth.key_sets import MAX_KEY_SET_BYTES, SigningAlgorithm
from auth.tokens import TokenVerifier
from hub.config import Mode, Settings
from hub.demo.issuer import DEMO_ISSUER, DemoIssuer, TokenRequest
from hub.issuer_keys import IssuerKeys, Pace, fetch_https, issuer_directory
from schema.errors import ConfigurationError, TokenError
from schema.vocabulary import Department, Role

ADDRESS = "https://identity.example/keys"
QUICK = Pace(interval=0.02, floor=0.01)
NEVER = Pace(interval=3600, floor=3600)


@pytest.fixture
def demo(tmp_path: Path) -> DemoIssuer:
    """A demo issuer with a fresh key."""
    return DemoIssuer.open(tmp_path)


def plain(demo: DemoIssuer) -> bytes:
    """Its key set without the demo mark."""
    return json.dumps({"keys": json.loads(demo.key_set)["keys"]}).encode()


def directory_of(key_set: str) -> tuple[IssuerDirectory, Issuer]:
    """A directory of one issuer whose keys are at that place."""
    issuer = Issuer(DEMO_ISSUER, SigningAlgorithm.EDDSA, frozenset(Department), key_set)
    return IssuerDirectory([issuer]), issuer


def kid_of(demo: DemoIssuer) -> str:
    """The name of its key."""
    return str(json.loads(demo.key_set)["keys"][0]["kid"])


def run_keys(keys: IssuerKeys, use: Callable[[], Awaitable[None]]) -> None:
    """Start, use, stop."""

    async def run() -> None:
        await keys.start()
        try:
            async with asyncio.timeout(10):
                await use()
        finally:
            await keys.stop()
            await keys.stop()

    asyncio.run(run())


class Address:
    """An address that serves what it is told, or fails."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, address: str) -> bytes:
        assert address == ADDRESS
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not condition():  # noqa: ASYNC110 - what is waited for sends no event
        await asyncio.sleep(0.005)


def test_keys_are_there_after_start(demo: DemoIssuer) -> None:
    """Keys of files and addresses are in use when start returns."""
    for place in (str(demo.key_set_file), ADDRESS):
        directory, issuer = directory_of(place)
        keys = IssuerKeys(directory, allow_demo=True, fetch=Address(demo.key_set), pace=NEVER)

        async def use(directory: IssuerDirectory = directory, issuer: Issuer = issuer) -> None:
            assert directory.key(issuer, kid_of(demo)) is not None

        run_keys(keys, use)


@pytest.mark.parametrize("content", [None, b"", b"{}", b" " * (MAX_KEY_SET_BYTES + 1)])
def test_wrong_file_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    """A key file that is missing, broken or huge is the operator's mistake and is said at once."""
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    keys = IssuerKeys(directory_of(str(path))[0], allow_demo=True)
    with pytest.raises(ConfigurationError):
        asyncio.run(keys.start())


def test_demo_keys_are_refused_in_production(demo: DemoIssuer) -> None:
    """A key set marked as a demonstration's is refused wherever it lies and whatever its issuer is called."""
    with pytest.raises(ConfigurationError, match="demonstrations"):
        asyncio.run(IssuerKeys(directory_of(str(demo.key_set_file))[0], allow_demo=False).start())
    directory, issuer = directory_of(ADDRESS)
    keys = IssuerKeys(directory, allow_demo=False, fetch=Address(demo.key_set), pace=NEVER)

    async def use() -> None:
        assert directory.key(issuer, kid_of(demo)) is None

    run_keys(keys, use)


@pytest.mark.parametrize("failure", [OSError(), httpx.ConnectError("x"), b"<html>", b'{"keys": [{"kty": "oct"}]}'])
def test_old_keys_stay_on_failure(
    demo: DemoIssuer, failure: Exception | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """When an address fails or sends rubbish, the keys from before stay in use and the log says so."""
    directory, issuer = directory_of(ADDRESS)
    address = Address(plain(demo), failure)
    keys = IssuerKeys(directory, allow_demo=False, fetch=address, pace=QUICK)

    async def use() -> None:
        await until(lambda: address.asked >= 3)
        assert directory.key(issuer, kid_of(demo)) is not None

    with caplog.at_level(logging.WARNING):
        run_keys(keys, use)
    assert "not refreshed" in caplog.text
    assert "<html>" not in caplog.text


def test_silent_address_does_not_stop_the_start(demo: DemoIssuer) -> None:
    """An address that does not answer at start is tried again, and works once it answers."""
    directory, issuer = directory_of(ADDRESS)
    keys = IssuerKeys(directory, allow_demo=False, fetch=Address(OSError(), OSError(), plain(demo)), pace=QUICK)

    async def use() -> None:
        assert directory.key(issuer, kid_of(demo)) is None
        await until(lambda: directory.key(issuer, kid_of(demo)) is not None)

    run_keys(keys, use)


def test_unknown_key_brings_new_ones(demo: DemoIssuer, tmp_path: Path) -> None:
    """A token under a new key is refused once, has the keys read again, and is accepted after that."""
    directory, _ = directory_of(ADDRESS)
    old = DemoIssuer.open(tmp_path / "old")
    address = Address(plain(old), plain(demo))
    keys = IssuerKeys(directory, allow_demo=False, fetch=address, pace=Pace(interval=3600, floor=0.01))
    verifier = TokenVerifier(directory, "hub", lambda: datetime.now(UTC))
    person = TokenRequest(Department.PERSON, (Role.PERSON,), subject="own-id")
    token = demo.mint(person, audience="hub", now=datetime.now(UTC))

    def accepted() -> bool:
        try:
            return verifier.verify(f"Bearer {token}").subject == "own-id"
        except TokenError:
            return False

    async def use() -> None:
        assert not accepted()
        await until(accepted)
        assert address.asked == 2

    run_keys(keys, use)


def test_invented_keys_do_not_hammer_the_issuer(demo: DemoIssuer) -> None:
    """However many unknown key names arrive, an address is asked once per floor at most."""
    directory, issuer = directory_of(ADDRESS)
    address = Address(plain(demo))
    keys = IssuerKeys(directory, allow_demo=False, fetch=address, pace=Pace(interval=3600, floor=0.2))

    async def use() -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + 0.5
        while loop.time() < end:
            directory.key(issuer, "invented")
            await asyncio.sleep(0.001)
        assert 2 <= address.asked <= 4

    run_keys(keys, use)


def test_hanging_address_blocks_nobody(demo: DemoIssuer) -> None:
    """While an address hangs, requests go on with the keys there are, and stop() returns."""
    directory, issuer = directory_of(ADDRESS)
    hanging = asyncio.Event()
    first = True

    async def fetch(_: str) -> bytes:
        nonlocal first
        if first:
            first = False
            return plain(demo)
        hanging.set()
        await asyncio.Event().wait()
        raise AssertionError

    keys = IssuerKeys(directory, allow_demo=False, fetch=fetch, pace=QUICK)

    async def use() -> None:
        await hanging.wait()
        assert directory.key(issuer, kid_of(demo)) is not None

    run_keys(keys, use)


def fetch_from(handler: Callable[[httpx.Request], httpx.Response]) -> bytes:
    """What fetch_https makes of a server's answer."""
    return asyncio.run(fetch_https(ADDRESS, httpx.MockTransport(handler)))


def test_fetch_gives_the_document() -> None:
    """The body of a plain answer comes back as it is."""
    assert fetch_from(lambda _: httpx.Response(200, content=b'{"keys": []}')) == b'{"keys": []}'


def test_fetch_follows_no_redirect() -> None:
    """A redirect is not followed: keys come from the configured address or not at all."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"location": "https://attacker.example/keys"})

    with pytest.raises(ConfigurationError):
        fetch_from(handler)
    assert asked == [ADDRESS]


def test_fetch_is_bounded() -> None:
    """An endless answer is cut off."""
    with pytest.raises(ConfigurationError, match="64 KiB"):
        fetch_from(lambda _: httpx.Response(200, content=b"x" * (MAX_KEY_SET_BYTES + 1)))


def settings(tmp_path: Path, mode: Mode, name: str | None) -> Settings:
    """Settings with at most one issuer, made without their own checks."""
    issuer = {"name": name, "algorithm": "EdDSA", "departments": ["education"], "key_set": ADDRESS}
    plain_settings = Settings(state_dir=tmp_path, issuers=[issuer] if name else [])  # type: ignore[arg-type]
    return plain_settings.model_copy(update={"mode": mode})


def test_sandbox_believes_the_demo_issuer(tmp_path: Path) -> None:
    """A sandbox believes the demo issuer beside those configured."""
    assert [issuer.name for issuer in issuer_directory(settings(tmp_path, Mode.SANDBOX, None))] == [DEMO_ISSUER]
    directory = issuer_directory(settings(tmp_path, Mode.SANDBOX, "https://education.example"))
    assert [issuer.name for issuer in directory] == ["https://education.example", DEMO_ISSUER]


def test_production_knows_no_demo_issuer(tmp_path: Path) -> None:
    """Production neither adds the demo issuer nor accepts its name."""
    directory = issuer_directory(settings(tmp_path, Mode.PRODUCTION, "https://education.example"))
    assert [issuer.name for issuer in directory] == ["https://education.example"]
    assert not (tmp_path / "demo-issuer").exists()
    with pytest.raises(ConfigurationError, match="demo issuer"):
        issuer_directory(settings(tmp_path, Mode.PRODUCTION, DEMO_ISSUER))
