"""What the registry sees of a service; kernels and commands import this, so it imports little."""

from collections.abc import Mapping
from dataclasses import dataclass, field

TOKEN = "{token}"  # noqa: S105 — a word that stands for one
"""Stands for the token in :attr:`Plugin.token_variables`."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What the registry sees of a service before anything of it is imported.

    Everything of the service is named as ``module:attribute`` and imported when it is used, so
    that a service that cannot be used disturbs no other.

    Parameters
    ----------
    name : str
        One word of small letters: the folder, the route, the entry point.
    title : str
        What users call it.
    schemes : tuple of str
        Schemes of the refs that it knows.
    short_refs : bool
        Whether its users may leave the scheme out everywhere; one service at most has this.
    capabilities : tuple of str
        Which of :data:`~escape_vre.core.service.CAPABILITIES` it offers.
    service : str
        In the agent: ``function(config, keyring) -> Service``, from the agent's configuration and
        its user's :class:`~escape_vre.core.keyring.Keyring`; raises ConfigurationError where
        settings make no sense.
    routes : str
        In the agent: ``function(get_service, desk) -> APIRouter``, mounted below ``/<name>``.
        ``get_service()`` returns the service; the agent makes it at the first call.
    settings : str
        The service's settings, a ``traitlets.config.Configurable``; empty where it has none.
    hub : str
        What a hub must be told for its users' servers, a
        :class:`escape_vre.core.hub_section.HubSection`; empty for nothing.
    command : str
        The word before its commands: ``sky`` for ``escape-vre sky`` and ``%sky``; empty where it
        has none.
    commands : str
        ``module:function`` on the user's side: ``function(parser)`` adds its commands.
    summary : str
        What its commands do, for a list of words: ``the sky: search, get``.
    browser : tuple of str
        The service's routes that a browser may call, such as ``GET /dids``; all others are for
        clients on this machine.
    variables, path_variables : tuple of str
        The variables of its users that it needs, which clients send with every request; the
        latter name a file or folder.
    token_variables : mapping
        For an audience of tokens, the variables that a command gets which ``escape-vre
        with-token`` runs with a token for it, beside ``BEARER_TOKEN_FILE``.
    kinds : tuple of str
        ``module:object`` in the agent: the kinds of job that it brings along, beside those that
        every service can use.
    """

    name: str
    title: str
    schemes: tuple[str, ...]
    capabilities: tuple[str, ...]
    icon: str
    service: str
    routes: str
    settings: str = ""
    hub: str = ""
    command: str = ""
    commands: str = ""
    summary: str = ""
    browser: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    path_variables: tuple[str, ...] = ()
    token_variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    short_refs: bool = False
