"""JSON over HTTPS: one batch request for all keys, pages of keys for a scan (`docs/connectors.md`)."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from connectors.contract import NEVER_KEY
from connectors.errors import RubbishError, UnavailableError
from connectors.json_shapes import json_list, json_moment, json_object, json_row
from connectors.mapping import CollectionMapping, Place
from connectors.remote import RemoteClient
from connectors.remote_source import RemoteConnector
from connectors.shaped import RawPage
from connectors.shapes import KeyCodec, Raw, Shape
from connectors.values import LiveType

__all__ = ["HttpConnector"]


class HttpConnector(RemoteConnector):
    """One service. `address` is its base URL; `credentials` open its token endpoint or are a service token."""

    place = Place.ENDPOINT

    async def _read_about(self, client: RemoteClient) -> None:
        about = self.mapping.about
        if about is not None:
            facts = json_object(await client.get(about.place))
            self.synthetic = facts.get(about.origin) == "SYNTHETIC"

    async def _inspect(self, client: RemoteClient, collection: CollectionMapping) -> None:
        """Ask for nobody with all columns; where that is not understood, with each alone, to name the missing one."""
        names = [name for name in collection.source_columns() if name != collection.key]
        nobody = KeyCodec(LiveType.TEXT).send([NEVER_KEY])
        if await self._understands(client, collection, names, nobody):
            self._admit(collection, dict.fromkeys(collection.source_columns(), LiveType.UNKNOWN))
            return
        known = [name for name in names if await self._understands(client, collection, [name], nobody)]
        found = dict.fromkeys([collection.key, *known], LiveType.UNKNOWN)
        self._admit(collection, found if known else None)
        raise self.mapping.fail(collection.line, f"endpoint `{collection.location.name}` does not speak the protocol")

    async def _understands(
        self, client: RemoteClient, collection: CollectionMapping, names: Sequence[str], nobody: Sequence[str | int]
    ) -> bool:
        try:
            await self._batch(client, collection, names, nobody)
        except RubbishError:
            return False
        return True

    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        client, most = self._open_client(), self.mapping.service.most
        raw: list[Sequence[object]] = []
        as_of: datetime | None = None
        for start in range(0, len(sent), most):
            rows, moment = await self._batch(client, shape.collection, shape.selected, sent[start : start + most])
            raw += rows
            as_of = moment if as_of is None or (moment is not None and moment < as_of) else as_of
        return raw, as_of

    async def _batch(
        self, client: RemoteClient, collection: CollectionMapping, names: Sequence[str], keys: Sequence[str | int]
    ) -> tuple[list[Sequence[object]], datetime | None]:
        service = self.mapping.service
        path = service.batch.replace("{name}", collection.location.name)
        asked = names or [_first_field(collection)]
        answer = json_object(await client.post(path, {service.keys: keys, "fields": asked}))
        items = json_list(answer.get("items"))
        if len(items) != len(keys):
            raise RubbishError("the answer has another length than asked for")
        rows: list[Sequence[object]] = []
        for key, item in zip(keys, map(json_object, items), strict=True):
            if item.get(collection.key) != key:
                raise RubbishError("the answer is in another order than asked for")
            rows += (json_row(key, json_object(record), names) for record in json_list(item.get("records")))
        return rows, json_moment(answer.get("asOf"))

    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        """The service pages by rows: its page gives the keys, a batch request all their rows. The cursor is the
        service's, with the last key given out, whose rows may go on there."""
        cursor, last = (None, None) if after is None else _cursor_parts(after)
        keys, cursor = await self._next_keys(shape.collection, cursor, limit)
        fresh = [key for key in keys if key != last]
        raw, _ = await self._read(shape, fresh) if fresh else ((), None)
        position = None if cursor is None else orjson.dumps([cursor, keys[-1] if keys else last]).decode()
        return RawPage(fresh, raw, position)

    async def _next_keys(
        self, collection: CollectionMapping, cursor: str | None, limit: int
    ) -> tuple[list[str], str | None]:
        service = self.mapping.service
        parameters = {"fields": _first_field(collection), "limit": str(min(limit, service.most))}
        if cursor is not None:
            parameters["cursor"] = cursor
        path = service.page.replace("{name}", collection.location.name)
        answer = json_object(await self._open_client().get(path, parameters))
        keys = [json_object(item).get(collection.key) for item in json_list(answer.get("items"))]
        following = answer.get("nextCursor")
        if not all(isinstance(key, str) for key in keys) or not isinstance(following, str | None):
            raise RubbishError("a key or a cursor is not a text")
        return list(dict.fromkeys(map(str, keys))), following

    def _open_client(self) -> RemoteClient:
        if self._client is None:
            raise UnavailableError("the connector is not open")
        return self._client


def _first_field(collection: CollectionMapping) -> str:
    """A field to ask for where only keys are wanted: the protocol knows no request without fields."""
    return next(name for name in collection.source_columns() if name != collection.key)


def _cursor_parts(after: str) -> tuple[str, str | None]:
    try:
        cursor, last = orjson.loads(after)
    except ValueError:
        raise RubbishError("the cursor is not one of ours") from None
    return str(cursor), last
