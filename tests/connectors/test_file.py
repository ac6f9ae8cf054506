"""Deliveries become an encrypted store: atomically, completely, and without losing a bad row in silence."""

import asyncio
import csv
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from connectors.contract import Connector, RowFilter
from connectors.file import FileConnector, StagingPlace
from connectors.mapping_reader import read_mapping
from connectors.quality import Finding, Problem
from connectors.staging import BadRow, StagingStore
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey

T = TypeVar("T")
KEY = bytes(range(32))
PERSONS, JOBS = CollectionName("human_resources.persons"), CollectionName("human_resources.employments")
HEADER = ["编号", "姓名", "出生", "证件", "单位", "合同", "入职"]
ZHANG = ["R1", "张三", "19900512", "341225199005120013", "示例厂", "固定", "20240101"]
LI = ["R2", "阿依古丽·买买提", "19851201", "", "演示店", "其他", "20230101"]
MAPPING = """\
source: human-resources
about: {file: delivery.json, origin: dataOrigin, as_of: deliveredAt}
encoding: gb18030
max_age: 31d
collections:
  persons:
    file: people_*.csv
    key: 编号
    columns:
      name: 姓名
      birth_date: {from: 出生, date: "%Y%m%d"}
      id_number: 证件
  employments:
    file: people_*.csv
    key: 编号
    order: [-入职]
    columns:
      employer_name: 单位
      contract_kind: {from: 合同, codes: {固定: FIXED_TERM}}
      started_on: {from: 入职, date: "%Y%m%d"}
"""


class Inbox:
    """An inbox, and the connector over it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "inbox"
        self.path.mkdir()
        self.staging = folder / "staging"
        self.mapping = folder / "human-resources.yaml"
        self.mapping.write_text(MAPPING, encoding="utf-8")

    def deliver(
        self,
        *lines: bytes,
        rows: int | None = None,
        delivered: str = "2026-11-01T02:00:00+08:00",
        mark: str = "SYNTHETIC",
    ) -> None:
        """Write one CSV of these lines, the header first, and its manifest."""
        content = b"".join(lines)
        (self.path / "people_1.csv").write_bytes(content)
        count = len(lines) - 1 if rows is None else rows
        file = {"name": "people_1.csv", "rows": count, "sha256": hashlib.sha256(content).hexdigest()}
        self.announce({"dataOrigin": mark, "deliveredAt": delivered, "files": [file]})

    def announce(self, manifest: Any) -> None:
        """Write the manifest, whole."""
        (self.path / "new").write_text(json.dumps(manifest))
        (self.path / "new").replace(self.path / "delivery.json")

    def connector(self, key: bytes = KEY) -> FileConnector:
        """A connector that is not open."""
        return FileConnector(read_mapping(self.mapping), self.path, StagingPlace(self.staging, key), 5.0)

    def run(self, work: Callable[[FileConnector], Awaitable[T]], key: bytes = KEY) -> T:
        """Open, work, close."""

        async def all_of_it() -> T:
            connector = self.connector(key)
            await connector.open()
            try:
                return await work(connector)
            finally:
                await connector.close()

        return asyncio.run(all_of_it())


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    """An inbox with one good delivery."""
    box = Inbox(tmp_path)
    box.deliver(line(HEADER), line(ZHANG), line(LI))
    return box


def line(fields: Sequence[str]) -> bytes:
    """One line as the department writes it."""
    return (",".join(fields) + "\r\n").encode("gb18030")


async def names(connector: Connector) -> list[Any]:
    """Names of everybody asked for."""
    found = await connector.fetch(PERSONS, [SourceKey("R1"), SourceKey("R2"), SourceKey("R3")], ["name"], RowFilter())
    return [rows[0][0] if rows else None for rows in found.rows]


def test_age_and_mark_come_from_the_manifest(inbox: Inbox) -> None:
    """Data is as old as its delivery, and stale when that is older than the mapping allows."""
    inbox.deliver(line(HEADER), line(ZHANG), delivered="2020-01-01T02:00:00+08:00")

    async def work(connector: FileConnector) -> Any:
        found = await connector.fetch(PERSONS, [SourceKey("R1")], ["name"], RowFilter())
        return found.as_of, found.stale, connector.synthetic

    assert inbox.run(work) == (datetime(2019, 12, 31, 18, tzinfo=UTC), True, True)


def test_without_a_manifest_the_file_dates_the_data(inbox: Inbox) -> None:
    """An inbox without manifest is served, as old as its oldest file, and not synthetic."""
    inbox.mapping.write_text("\n".join(MAPPING.splitlines()[:1] + MAPPING.splitlines()[2:]), encoding="utf-8")

    async def work(connector: FileConnector) -> Any:
        found = await connector.fetch(PERSONS, [SourceKey("R1")], ["name"], RowFilter())
        return found.as_of.timestamp(), connector.synthetic

    assert inbox.run(work) == (pytest.approx((inbox.path / "people_1.csv").stat().st_mtime, abs=1e-3), False)


def test_the_store_is_encrypted_and_closed_to_others(inbox: Inbox) -> None:
    """No value of the delivery stands in any file of the staging folder, which only its owner may read."""
    assert inbox.run(names) == ["张三", "阿依古丽·买买提", None]
    assert inbox.staging.stat().st_mode & 0o077 == 0
    (store,) = inbox.staging.iterdir()
    assert store.stat().st_mode & 0o077 == 0
    content = store.read_bytes()
    assert not content.startswith(b"SQLite format 3")
    for value in ("张三", "阿依古丽", "341225199005120013", "示例厂"):
        assert value.encode() not in content
        assert value.encode("gb18030") not in content


def test_another_key_does_not_open_the_store(inbox: Inbox) -> None:
    """With another key the store is made anew from the inbox; the old one is never read."""
    inbox.run(names)
    assert StagingStore.open(inbox.staging / "human-resources.staging", bytes(32)) is None
    assert inbox.run(names, key=bytes(32))[0] == "张三"


def test_a_key_has_32_bytes(tmp_path: Path) -> None:
    """A short key is refused, and the key shows in no repr."""
    with pytest.raises(ValueError, match="32 bytes"):
        StagingPlace(tmp_path, b"short")
    assert repr(KEY) not in repr(StagingPlace(tmp_path, KEY))


def test_a_store_is_used_again(inbox: Inbox) -> None:
    """A second start reads the store, not the files."""
    inbox.run(names)
    before = (inbox.staging / "human-resources.staging").stat().st_ino
    (inbox.path / "people_1.csv").unlink()
    assert inbox.run(names)[0] == "张三"
    assert (inbox.staging / "human-resources.staging").stat().st_ino == before


def test_another_mapping_makes_another_store(inbox: Inbox) -> None:
    """A changed mapping is applied to the delivery that is there."""
    inbox.run(names)
    inbox.mapping.write_text(MAPPING.replace("name: 姓名", "name: 单位"), encoding="utf-8")
    assert inbox.run(names)[0] == "示例厂"


def test_a_new_delivery_is_taken_over(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the hub runs, a new delivery replaces the old one; until then the old one is served."""
    monkeypatch.setattr("connectors.file._LOOK_EVERY", 0.0)

    async def work(connector: FileConnector) -> list[Any]:
        first = await names(connector)
        inbox.deliver(line(HEADER), line(["R3", *LI[1:]]))
        seen = [await names(connector)]
        while seen[-1] == first and len(seen) < 500:
            await asyncio.sleep(0.01)
            seen.append(await names(connector))
        assert all(one == first for one in seen[:-1])
        return seen[-1]

    assert inbox.run(work) == [None, None, "阿依古丽·买买提"]
    assert len(list(inbox.staging.iterdir())) == 1


@pytest.mark.parametrize("spoil", ["digest", "rows", "missing", "manifest", "outside", "header"])
def test_a_bad_delivery_leaves_the_old_one(inbox: Inbox, spoil: str, caplog: pytest.LogCaptureFixture) -> None:
    """A delivery that differs from its manifest is refused with a reason; the old one is still served."""

    async def work(connector: FileConnector) -> Any:
        _spoil(inbox, spoil)
        expected = ConfigurationError if spoil == "header" else SourceError
        with pytest.raises(expected) as caught:
            await connector.refresh()
        assert "张三" not in str(caught.value)
        await connector._renew_quietly()
        return await names(connector)

    assert inbox.run(work)[0] == "张三"
    assert "the delivery was not taken over" in caplog.text
    assert len(list(inbox.staging.iterdir())) == 1


def _spoil(inbox: Inbox, how: str) -> None:
    new = [line(HEADER), line(["R1", "李四", *ZHANG[2:]])]
    if how == "rows":
        inbox.deliver(*new, rows=7)
    elif how == "header":
        inbox.deliver(line(["编号", "名字", *HEADER[2:]]), new[1])
    else:
        inbox.deliver(*new)
        if how == "digest":
            (inbox.path / "people_1.csv").write_bytes(b"".join(new) + b"\r\n")
        elif how == "missing":
            (inbox.path / "people_1.csv").unlink()
        elif how == "manifest":
            inbox.announce(["张三"])
        elif how == "outside":
            inbox.announce({"files": [{"name": "../people_1.csv", "rows": 1, "sha256": ""}]})


def test_a_delivery_without_the_mark_is_not_taken_over(inbox: Inbox) -> None:
    """Where only synthetic data is allowed, a later delivery must say so, too."""

    async def work(connector: FileConnector) -> Any:
        connector.synthetic_only = True
        inbox.deliver(line(HEADER), line(["R1", "李四", *ZHANG[2:]]), mark="REAL")
        with pytest.raises(ConfigurationError, match="does not say that it is synthetic"):
            await connector.refresh()
        return await names(connector)

    assert inbox.run(work)[0] == "张三"


def test_between_deliveries_the_last_one_is_served(inbox: Inbox) -> None:
    """A start while the manifest is away serves the store of the last delivery."""
    inbox.run(names)
    (inbox.path / "delivery.json").unlink()
    assert inbox.run(names)[0] == "张三"


def test_an_empty_inbox_is_unavailable(inbox: Inbox) -> None:
    """Nothing delivered yet: the source is unavailable."""
    (inbox.path / "delivery.json").unlink()
    with pytest.raises(SourceError) as caught:
        inbox.run(names)
    assert caught.value.code is ErrorCode.SOURCE_UNAVAILABLE


def test_an_inbox_that_fills_later_is_opened_later(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed start the connector opens by itself once a delivery is there."""
    monkeypatch.setattr("connectors.shaped._TRY_EVERY", 0.0)
    (inbox.path / "delivery.json").rename(inbox.path / "later")

    async def work() -> Any:
        connector = inbox.connector()
        with pytest.raises(SourceError):
            await connector.open()
        (inbox.path / "later").rename(inbox.path / "delivery.json")
        try:
            return await _patiently(connector)
        finally:
            await connector.close()

    assert asyncio.run(work()) == ["张三", "阿依古丽·买买提", None]


async def _patiently(connector: FileConnector) -> Any:
    for _ in range(500):
        try:
            return await names(connector)
        except SourceError:
            await asyncio.sleep(0.01)
    return None


def test_a_missing_column_is_named_with_its_line(inbox: Inbox) -> None:
    """The mapping's line, not the file's content, is in the complaint."""
    inbox.deliver(line(["编号", "姓名", "生日", *HEADER[3:]]), line(ZHANG))
    with pytest.raises(
        ConfigurationError, match=r"human-resources\.yaml:11: file `people_\*\.csv` has no column `出生`"
    ):
        inbox.run(names)


def test_bad_rows_are_kept_with_line_and_reason(inbox: Inbox) -> None:
    """Rows that cannot be used are counted and quarantined with line and reason; their content stays in the store."""
    inbox.deliver(
        line(HEADER),
        line(ZHANG),
        line(["R2", "只有两个字段"]),
        line(["", *LI[1:]]),
        b"R4,\xff\xff,19900101,,,,\r\n",
        b'R5,"a"b,19900101,,,,\r\n',
        line(["R6", "王五", "19900231", *LI[3:]]),
    )

    async def work(connector: FileConnector) -> Any:
        return list(await connector.bad_rows()), dict(connector.quality.snapshot())

    rows, counts = inbox.run(work)
    assert rows == [
        BadRow("people_1.csv", 3, "", "wrong number of fields"),
        BadRow("people_1.csv", 4, "", "no key"),
        BadRow("people_1.csv", 5, "", "bytes that are not of the encoding"),
        BadRow("people_1.csv", 6, "", "not valid CSV"),
        BadRow("people_1.csv", 7, "birth_date", "unreadable"),
    ]
    assert counts[Finding(PERSONS, "", Problem.BAD_ROW)] == 4
    assert counts[Finding(PERSONS, "birth_date", Problem.UNREADABLE)] == 1
    assert counts[Finding(JOBS, "contract_kind", Problem.UNMAPPED_CODE)] == 1


def test_a_broken_quote_does_not_swallow_rows(inbox: Inbox) -> None:
    """A quote that never ends makes the number of rows differ, so the delivery is refused."""
    inbox.deliver(line(HEADER), b'R1,"open\r\n', line(ZHANG), line(LI))
    with pytest.raises(SourceError, match="number of rows differs"):
        inbox.run(names)


def test_quoted_fields_may_hold_anything(inbox: Inbox) -> None:
    """Commas, quotes and line ends inside quotes belong to the field; blank lines are no rows."""
    rows = [["R1", '张,"三"\r\n', *ZHANG[2:]], LI]
    with (inbox.path / "rows.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(rows)
    content = (inbox.path / "rows.csv").read_bytes()
    inbox.deliver(line(HEADER), content + b"\r\n\r\n", rows=2)
    assert inbox.run(names)[:2] == ['张,"三"', "阿依古丽·买买提"]


def test_several_files_are_one_collection(inbox: Inbox) -> None:
    """All files that match a pattern are staged, in the order of their names."""
    first, second = line(HEADER) + line(ZHANG), line(HEADER) + line(LI)
    files = []
    for number, content in enumerate((first, second), start=1):
        (inbox.path / f"people_{number}.csv").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        files.append({"name": f"people_{number}.csv", "rows": 1, "sha256": digest})
    inbox.announce({"dataOrigin": "SYNTHETIC", "deliveredAt": "2026-11-01T02:00:00+08:00", "files": files})
    assert inbox.run(names) == ["张三", "阿依古丽·买买提", None]


def test_a_large_file_is_staged_in_bounded_memory(inbox: Inbox) -> None:
    """Staging 20 000 rows holds a small part of them at a time."""
    import tracemalloc

    lines = [
        line([f"R{number}", "张三", "19900512", "3" * 18, "示例" * 40, "固定", "20240101"]) for number in range(20_000)
    ]
    inbox.deliver(line(HEADER), *lines)
    size = (inbox.path / "people_1.csv").stat().st_size
    tracemalloc.start()
    try:
        inbox.run(names)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 4_000_000
    assert peak < size


def test_a_workbook_that_is_none_is_refused(inbox: Inbox) -> None:
    """A file that is no workbook fails in the process that reads it, and only there."""
    inbox.mapping.write_text(MAPPING.replace("people_*.csv", "people_*.xlsx"), encoding="utf-8")
    (inbox.path / "people_1.xlsx").write_bytes(b"PK no workbook")
    digest = hashlib.sha256(b"PK no workbook").hexdigest()
    inbox.announce({"files": [{"name": "people_1.xlsx", "rows": 1, "sha256": digest}]})
    with pytest.raises(SourceError, match="the workbook cannot be read"):
        inbox.run(names)
