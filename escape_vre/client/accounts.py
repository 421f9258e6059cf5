"""Signing in to services and out of them, from Python.

>>> import escape_vre
>>> escape_vre.login()  # doctest: +SKIP

A service that has accounts answers ``GET /instances`` and ``GET /whoami``; see
:class:`escape_vre.core.service.HasAccounts`.
"""

from collections.abc import Callable
from typing import Any

from escape_vre.client.agent import AgentClient
from escape_vre.client.sign_in import sign_in
from escape_vre.core import text
from escape_vre.core.errors import AuthError, EscapeError, UsageError
from escape_vre.core.registry import plugins

Instance = dict[str, Any]
Act = Callable[[AgentClient, str, Instance], str]


def login(*, service: str | None = None, instance: str | None = None) -> str:
    """Sign in; returns one sentence for each service.

    Shows an address and a code, and waits until the code is confirmed in a browser; or asks for
    a password or token, where an instance is signed in to with one.

    Parameters
    ----------
    service : str, optional
        Name of the service; default: every service that has accounts, one after the other.
    instance : str, optional
        Name of the instance; default: the first of the service.

    Raises
    ------
    AuthError
        The sign-in was refused, or the code expired; or it is done elsewhere, and
        ``details.sign_in`` says where.
    UsageError
        The instance has no sign-in: its credentials come from the configuration.
    """
    return _each(_login, service, instance)


def logout(*, service: str | None = None, instance: str | None = None) -> str:
    """Sign out; returns one sentence for each service.

    Parameters
    ----------
    service, instance : str, optional
        As for :func:`login`.

    Raises
    ------
    UsageError
        The instance has no sign-in: its credentials come from elsewhere.
    """
    return _each(_logout, service, instance)


def services_with_accounts() -> list[str]:
    """Return the names of the services that have accounts."""
    return [name for name, plugin in plugins().items() if "accounts" in plugin.capabilities]


def _each(act: Act, service: str | None, instance: str | None) -> str:
    """Act on one service, or on all in turn: one that fails does not keep the others from it."""
    known = services_with_accounts()
    if service is not None and service not in known:
        near = text.nearest(service, known)
        raise UsageError(
            f"There is no service {service} to sign in to.",
            hint=f"Did you mean {near}?" if near else f"There are: {', '.join(known)}.",
        )
    agent = AgentClient()
    said: list[str] = []
    failed: list[EscapeError] = []
    for name in known if service is None else [service]:
        try:
            said.append(text.sentence(act(agent, name, _instance(agent, name, instance))))
        except EscapeError as e:
            failed.append(e)
    if failed and not said:
        raise failed[0]
    return "\n".join([*said, *map(str, failed)])


def _instance(agent: AgentClient, service: str, name: str | None) -> Instance:
    """Return an instance by its name, or the first one."""
    found: list[Instance] = agent.get(f"/{service}/instances")["instances"]
    for instance in found:
        if name in (None, instance["name"]):
            return instance
    agent.get(f"/{service}/whoami", instance=name)  # the service has words for what is missing
    raise UsageError(f"There is no {name}.", hint=f"See the settings of {service}.")


def _login(agent: AgentClient, service: str, instance: Instance) -> str:
    try:
        return f"You are already signed in: {_who(agent, service, instance)}."
    except AuthError as e:
        if "sign_in" in e.details:
            raise
        if instance["identity"] is None:
            raise UsageError(
                f"{instance['title']} has no sign-in here. {e.message}", hint=e.hint
            ) from e
    sign_in(agent, instance["identity"])
    return f"You are signed in: {_who(agent, service, instance)}."


def _logout(agent: AgentClient, service: str, instance: Instance) -> str:
    del service
    if instance["identity"] is None:
        raise UsageError(
            f"{instance['title']} has no sign-in here, so there is nothing to sign out of.",
            hint="On a JupyterHub, sign out of the Hub.",
        )
    agent.post("/sign-outs", {"identity": instance["identity"]})
    return f"You are signed out of {instance['title']}."


def _who(agent: AgentClient, service: str, instance: Instance) -> str:
    who = agent.get(f"/{service}/whoami", instance=instance["name"])
    return f"{who['account']} at {instance['title']}"
