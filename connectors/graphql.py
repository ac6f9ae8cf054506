"""A remote GraphQL service: entities by key through `_entities` (Apollo Federation), pages through a root field.

Keys travel in variables only. Names of types and fields come from the mapping.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from connectors.contract import NEVER_KEY
from connectors.credentials import Credentials
from connectors.errors import RubbishError, UnavailableError
from connectors.json_shapes import json_list, json_moment, json_object, json_row
from connectors.mapping import CollectionMapping, Place, SourceMapping
from connectors.remote import RemoteClient
from connectors.remote_source import RemoteConnector
from connectors.shaped import RawPage
from connectors.shapes import KeyCodec, Raw, Shape
from connectors.values import LiveType
from schema.errors import ConfigurationError

__all__ = ["GraphqlConnector"]

_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


class GraphqlConnector(RemoteConnector):
    """One GraphQL endpoint. `address` is its full URL; `credentials` hold the service token."""

    place = Place.TYPE

    def __init__(self, mapping: SourceMapping, address: str, credentials: Credentials, deadline: float) -> None:
        super().__init__(mapping, address, credentials, deadline)
        for collection in mapping.collections.values():
            _check_names(mapping, collection)
        words = [mapping.service.pages, None if mapping.about is None else mapping.about.place]
        for word in filter(None, words):
            _check_name(mapping, word.replace("{name}", "_"), 1)

    async def _read_about(self, client: RemoteClient) -> None:
        about = self.mapping.about
        if about is not None:
            data = await _asked(client, f"{{ {about.place} {{ {about.origin} }} }}", {})
            self.synthetic = json_object(data.get(about.place)).get(about.origin) == "SYNTHETIC"

    async def _inspect(self, client: RemoteClient, collection: CollectionMapping) -> None:
        """Ask for nobody with all columns; where that is not understood, with each alone, to name the missing one."""
        names = [name for name in collection.source_columns() if name != collection.key]
        if await self._understands(client, collection, names):
            self._admit(collection, dict.fromkeys(collection.source_columns(), LiveType.UNKNOWN))
            return
        known = [name for name in names if await self._understands(client, collection, [name])]
        found = dict.fromkeys([collection.key, *known], LiveType.UNKNOWN)
        self._admit(collection, found if known else None)
        raise self.mapping.fail(collection.line, f"type `{collection.location.name}` is not an entity with that key")

    async def _understands(self, client: RemoteClient, collection: CollectionMapping, names: Sequence[str]) -> bool:
        nobody = KeyCodec(LiveType.TEXT).send([NEVER_KEY])
        try:
            await self._entities(client, collection, names, nobody)
        except RubbishError:
            return False
        return True

    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        client, most = self._open_client(), self.mapping.service.most
        raw: list[Sequence[object]] = []
        as_of: datetime | None = None
        for start in range(0, len(sent), most):
            batch = sent[start : start + most]
            rows, moment = await self._entities(client, shape.collection, shape.selected, batch)
            raw += rows
            as_of = moment if as_of is None or (moment is not None and moment < as_of) else as_of
        return raw, as_of

    async def _entities(
        self, client: RemoteClient, collection: CollectionMapping, names: Sequence[str], keys: Sequence[str | int]
    ) -> tuple[list[Sequence[object]], datetime | None]:
        kind = collection.location.name
        text = (
            f"query($keys: [_Any!]!) {{ _entities(representations: $keys) {{ ... on {kind} "
            f"{{ {_selection(collection, names)} }} }}{self._dated()} }}"
        )
        wanted = [{"__typename": kind, collection.key: key} for key in keys]
        data = await _asked(client, text, {"keys": wanted})
        entities = json_list(data.get("_entities"))
        if len(entities) != len(keys):
            raise RubbishError("the answer has another length than asked for")
        rows: list[Sequence[object]] = []
        for key, entity in zip(keys, entities, strict=True):
            if entity is not None:
                rows += _rows(collection, names, json_object(entity), key)
        return rows, self._moment(data)

    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        pages = self.mapping.service.pages
        if pages is None:
            raise RubbishError("the mapping names no field that lists all entities")
        collection = shape.collection
        pages = pages.replace("{name}", collection.location.name)
        text = (
            f"query($first: Int!, $after: String) {{ {pages}(first: $first, after: $after) {{ "
            f"nodes {{ {_selection(collection, shape.selected)} }} endCursor hasNextPage }} }}"
        )
        first = min(limit, self.mapping.service.most)
        data = await _asked(self._open_client(), text, {"first": first, "after": after})
        page = json_object(data.get(pages))
        rows: list[Sequence[object]] = []
        keys: list[str] = []
        for entity in map(json_object, json_list(page.get("nodes"))):
            rows += _rows(collection, shape.selected, entity, None)
            keys.append(str(entity[collection.key]))
        cursor = page.get("endCursor")
        return RawPage(keys, rows, cursor if isinstance(cursor, str) and page.get("hasNextPage") is True else None)

    def _dated(self) -> str:
        about = self.mapping.about
        return "" if about is None or about.as_of is None else f" {about.place} {{ {about.as_of} }}"

    def _moment(self, data: Mapping[str, object]) -> datetime | None:
        about = self.mapping.about
        if about is None or about.as_of is None:
            return None
        return json_moment(json_object(data.get(about.place)).get(about.as_of))

    def _open_client(self) -> RemoteClient:
        if self._client is None:
            raise UnavailableError("the connector is not open")
        return self._client


async def _asked(client: RemoteClient, text: str, variables: Mapping[str, object]) -> Mapping[str, object]:
    """The data of one operation. An answer with errors is not understood, whatever data it has."""
    answer = json_object(await client.post("", {"query": text, "variables": variables}))
    if answer.get("errors"):
        raise RubbishError("the service answered with errors")
    return json_object(answer.get("data"))


def _selection(collection: CollectionMapping, names: Iterable[str]) -> str:
    fields = " ".join(names) or "__typename"
    part = collection.location.part
    return f"{collection.key} {fields}" if part is None else f"{collection.key} {part} {{ {fields} }}"


def _rows(
    collection: CollectionMapping, names: Sequence[str], entity: Mapping[str, object], asked: str | int | None
) -> Iterable[Sequence[object]]:
    key, part = entity.get(collection.key), collection.location.part
    if not isinstance(key, str) or asked not in (None, key):
        raise RubbishError("the answer is in another order than asked for")
    records = [entity] if part is None else json_list(entity.get(part))
    return [json_row(key, json_object(record), names) for record in records]


def _check_names(mapping: SourceMapping, collection: CollectionMapping) -> None:
    for name, line in collection.source_columns().items():
        _check_name(mapping, name, line)
    for word in (collection.location.name, collection.location.part or "_"):
        _check_name(mapping, word, collection.line)


def _check_name(mapping: SourceMapping, name: str, line: int) -> None:
    if _NAME.fullmatch(name) is None:
        error: ConfigurationError = mapping.fail(line, f"`{name}` is not a GraphQL name")
        raise error
