"""Where tokens come from that belong to the person, whichever service needs them."""

import ssl

from escape_vre.core.http import RemoteClient, tls_context
from escape_vre.core.hub import Hubs
from escape_vre.core.hub_tokens import HubTokens
from escape_vre.core.tokens import Token, TokenChain

HUB_TIMEOUT_S = 30.0
"""The Hub itself may wait for its provider."""


class Keyring:
    """What the agent knows of its person's sign-ins; one for each agent, in memory."""

    def __init__(self) -> None:
        self.hubs = Hubs()
        self._clients: dict[bool, RemoteClient] = {}
        self._chains: dict[str, TokenChain] = {}

    def hub(self, audience: str, *, optional: bool = False) -> HubTokens:
        """Return the Hub as a source of tokens for an audience."""
        return HubTokens(audience, hubs=self.hubs, http=self._client, optional=optional)

    async def token(self, audience: str) -> Token:
        """Return a token for an audience, for a command that the person runs.

        Raises
        ------
        EscapeError
            There is none; see :class:`HubTokens`.
        """
        if audience not in self._chains:
            self._chains[audience] = TokenChain(
                [self.hub(audience)], service=audience, hint="Sign in again."
            )
        return await self._chains[audience].get({})

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()

    def _client(self, url: str) -> RemoteClient:
        secure = url.startswith("https:")
        if secure not in self._clients:
            # A Hub is most often asked without TLS inside its cluster: authorities cost 30 ms.
            tls = tls_context(None) if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._clients[secure] = RemoteClient("The JupyterHub", tls=tls, timeout_s=HUB_TIMEOUT_S)
        return self._clients[secure]
