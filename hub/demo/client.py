"""The demo's own GraphQL client: any HTTP client would do."""

from collections.abc import Mapping
from typing import Any

import httpx

from hub.clock import now
from hub.demo.documents import LOOKUP
from hub.demo.issuer import DemoIssuer, TokenRequest
from schema.errors import ConfigurationError

__all__ = ["DemoClient"]


class DemoClient:
    """Asks a hub over HTTP with tokens of the demo issuer."""

    def __init__(self, address: str, issuer: DemoIssuer, audience: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=30)
        self._issuer = issuer
        self._audience = audience

    def close(self) -> None:
        """Release the connection."""
        self._http.close()

    def ask(
        self, token: TokenRequest, document: str, variables: Mapping[str, Any], headers: Mapping[str, str | None]
    ) -> dict[str, Any]:
        """The GraphQL response as received, refusals included. Raises ConfigurationError when it is none."""
        signed = self._issuer.mint(token, audience=self._audience, now=now())
        sent = {"authorization": f"Bearer {signed}", **{name: value for name, value in headers.items() if value}}
        try:
            response = self._http.post("/graphql", json={"query": document, "variables": dict(variables)}, headers=sent)
            told: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError):
            raise ConfigurationError("the demo's hub did not answer") from None
        return told

    def find_id(self, token: TokenRequest, papers: Mapping[str, str], headers: Mapping[str, str | None]) -> str:
        """The sector id for a document and name; it says nothing of whether anybody knows the person."""
        told = self.ask(token, LOOKUP, papers, headers)
        if told.get("errors"):
            raise ConfigurationError(
                f"a look-up of the demo was refused with {told['errors'][0]['extensions']['code']}"
            )
        return str(told["data"]["lookup"]["id"])
