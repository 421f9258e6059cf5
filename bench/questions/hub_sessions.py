"""Sessions that survive when a user's requests come together, with a real Keycloak."""

import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.fixtures import Bench
from bench.hub import KINDS, CrowdedHub, Kind, Servers, filled
from bench.load import all_well, send
from bench.table import Row, row
from escape_vre.local.idp import Idp

TITLE = "sessions with a Keycloak that rotates refresh tokens: how many are lost, at what cost"

_AUDIENCES = ("rucio", "reana")
_AT_ONCE = 8
_RACERS = 20
_TOGETHER = 10
_CALM = 5
_SHORT_S, _LONG_S = 10, 900
_EVENTS = {
    "refresh": ("REFRESH_TOKEN", "REFRESH_TOKEN_ERROR"),
    "exchange": ("TOKEN_EXCHANGE", "TOKEN_EXCHANGE_ERROR"),
    "userinfo": ("USER_INFO_REQUEST", "USER_INFO_REQUEST_ERROR"),
}
"""The names of calls in Keycloak's own log."""


@dataclass(frozen=True)
class _Found:
    lost: int
    answered: int
    calls: Mapping[str, int]
    typical_ms: float


def measure(bench: Bench) -> Iterator[Row]:
    """Count in Keycloak's own log; no figure here depends on speed."""
    people = [f"user{number:04}" for number in range(bench.sizes.keycloak_people)]
    racers, calm = people[:_RACERS], people[_RACERS : _RACERS + _CALM]
    home = bench.scratch / "sessions"
    idp = Idp(home / "idp", say=lambda sentence: print(f"  {sentence}", flush=True))
    idp.install()
    with contextlib.ExitStack() as ending, Servers() as servers:
        ending.callback(idp.stop)
        idp.start(tied=True, access_token_lifespan_s=_SHORT_S)
        idp.add_users(people, groups=("/escape",))
        hubs: dict[Kind, CrowdedHub] = {}
        for kind in KINDS:
            hubs[kind] = CrowdedHub(
                home / kind, kind, idp, address=servers.address, audiences=_AUDIENCES
            )
            idp.add_redirect("hub", hubs[kind].callback_url)
            ending.callback(hubs[kind].close)
            hubs[kind].start()
        took = filled(hubs.values(), people)
        print(f"  all users have signed in and have a server ({took:.0f} s)", flush=True)
        found = {kind: _found(idp, hubs[kind], people, racers, calm) for kind in KINDS}
    ours, stock = found["ours"], found["stock"]
    yield row(
        "hub-sessions.lost",
        [ours.lost],
        peer=[stock.lost],
        peer_name="stock oauthenticator",
        unit=f"of {len(racers)}",
        limit=0.0,
        bar="none, when ten requests of one user come at once after expiry",
        note="Keycloak 26.4 rotates refresh tokens, and one that is used again ends its session."
        f" Of {_TOGETHER * len(racers)} requests, ours answers {ours.answered} and stock"
        f" {stock.answered}; lost sessions are those that need a new sign-in afterwards."
        " With one request at a time, none is lost, in both",
    )
    yield row(
        "hub-sessions.calls",
        [ours.calls["exchange"] / (len(people) * len(_AUDIENCES))],
        unit="calls",
        limit=1.0,
        bar="≤ 1 call to the provider for each user, audience and lifetime",
        note=f"In Keycloak's own log: {len(people)} users, {len(_AUDIENCES)} audiences, each"
        f" asked for three times after expiry. Ours {_said(ours.calls)}; stock, one token for all"
        f" audiences, {_said(stock.calls)}. Median answer time: ours {ours.typical_ms:.0f} ms,"
        f" stock {stock.typical_ms:.0f} ms",
    )


def _found(
    idp: Idp,
    hub: CrowdedHub,
    people: Sequence[str],
    racers: Sequence[str],
    calm: Sequence[str],
) -> _Found:
    _expire(idp, hub, lifetime_s=_LONG_S)
    idp_calls = _Journal(idp)
    first: list[float] = []
    for again in range(3):
        for one in hub.rounds(people):
            load = all_well(send(hub.port, one, at_once=_AT_ONCE))
            first += [] if again else load.ms
    calls = idp_calls.counted()
    # What was given just now lives for long: begin with a sign-in's short ones again.
    idp.set_lifetimes(access_token_s=_SHORT_S)
    hub.renew([*racers, *calm])
    _expire(idp, hub, lifetime_s=_SHORT_S)
    answered = 0
    for name in racers:
        same = hub.rounds([name])[0] * _TOGETHER
        answered += send(hub.port, same, at_once=_TOGETHER).statuses.get("200", 0)
    # Who asks for one thing at a time stays: what is lost is lost to the crowd.
    all_well(send(hub.port, hub.rounds(calm)[0], at_once=1))
    _expire(idp, hub, lifetime_s=_LONG_S)
    kept = send(hub.port, hub.rounds(racers)[0], at_once=1).statuses.get("200", 0)
    all_well(send(hub.port, hub.rounds(calm)[0], at_once=1))
    return _Found(len(racers) - kept, answered, calls, statistics.median(first))


def _expire(idp: Idp, hub: CrowdedHub, *, lifetime_s: int) -> None:
    """Wait until every short-lived token has expired; clear the hub's memory."""
    hub.stop()
    idp.set_lifetimes(access_token_s=lifetime_s)
    time.sleep(_SHORT_S + 1)
    hub.start()


class _Journal:
    """Keycloak's log of events, from now on."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        kinds = [event for events in _EVENTS.values() for event in events]
        with idp.admin() as admin:
            admin.change_realm({"eventsEnabled": True, "enabledEventTypes": kinds})
            admin.call("DELETE", "/events")

    def counted(self) -> dict[str, int]:
        """Return how many there were of each type, failures too, and stop logging."""
        with self._idp.admin() as admin:
            found = {
                kind: sum(
                    len(admin.call("GET", f"/events?type={event}&max=100000")) for event in events
                )
                for kind, events in _EVENTS.items()
            }
            admin.change_realm({"eventsEnabled": False})
        return found


def _said(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in calls.items())
