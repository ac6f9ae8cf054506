"""What connectors to services share: one client, opened once the service's mark and collections have been read."""

from connectors.credentials import Credentials
from connectors.mapping import CollectionMapping, SourceMapping
from connectors.remote import RemoteClient
from connectors.shaped import ShapedConnector

__all__ = ["RemoteConnector"]


class RemoteConnector(ShapedConnector):
    """A source behind HTTP. `address` is its URL; `credentials` open its token endpoint or are a service token."""

    def __init__(self, mapping: SourceMapping, address: str, credentials: Credentials, deadline: float) -> None:
        super().__init__(mapping, deadline)
        self._address = address
        self._credentials = credentials
        self._client: RemoteClient | None = None

    async def _open(self) -> None:
        if self._client is not None:
            return
        client = RemoteClient(self._address, self._credentials, self.mapping.service.token, self._deadline)
        try:
            await self._read_about(client)
            if client.is_exposed and not self.synthetic:
                raise self.mapping.fail(1, "plain http to another machine is for synthetic sources only")
            for collection in self.mapping.collections.values():
                await self._inspect(client, collection)
        except BaseException:
            await client.close()
            raise
        self._client = client

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _read_about(self, client: RemoteClient) -> None:
        """Learn whether the service says that it is synthetic."""
        raise NotImplementedError

    async def _inspect(self, client: RemoteClient, collection: CollectionMapping) -> None:
        """Check that the mapping fits one collection of the live service."""
        raise NotImplementedError
