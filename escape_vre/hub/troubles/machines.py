"""Why no machine runs a pod."""

import re
from collections.abc import Iterable, Sequence

from escape_vre.hub.quantities import amount_of, number_of, thing
from escape_vre.hub.troubles.trouble import ASK, RETRY_OR_ASK, Json, Trouble, listed, other, smaller


def unscheduled(pod: Json, said: str, events: Sequence[Json], *, choice: bool) -> Trouble:
    """Return why no machine runs a pod, from the message of kube-scheduler (its FitError)."""
    growing = [event for event in events if event["reason"] == "TriggeredScaleUp"]
    if growing:
        return Trouble(
            "The cluster is getting one more machine, for your server.",
            RETRY_OR_ASK,
            growing[-1]["message"],
            "That takes a few minutes.",
        )
    reasons = re.split(r"preemption: ", said)[0]
    lacking = sorted(
        {thing(name) for name in re.findall(r"Insufficient ([\w/-]+(?:\.[\w/-]+)*)", reasons)}
    )
    full = smaller("Try again later", choice)
    when = "It starts automatically as soon as another server ends or the cluster grows."
    if lacking:
        wanted = _wanted(pod, lacking)
        asks = f": it asks for {wanted}" if wanted else ""
        what = (
            f"No machine of this cluster has enough free {listed(lacking)} for your server{asks}."
        )
        return Trouble(what, full, said, when)
    if "Too many pods" in reasons:
        what = "No machine of this cluster can take another server."
        return Trouble(what, full, said, when)
    for pattern, what, waiting in _VOLUMES:
        if re.search(pattern, reasons):
            return Trouble(what, ASK, said, waiting)
    if re.search(r"taint|affinity|selector|unschedulable|free ports", reasons):
        what = (
            "No machine of this cluster can run your server: the machines it asks for do not exist"
        )
        what += " or are reserved for others."
        return Trouble(what, other(choice), said, "It starts automatically as soon as one can.")
    return Trouble("No machine of this cluster can run your server yet.", full, said, when)


_SOON = "It starts automatically as soon as there is storage."
_VOLUMES = (
    (r"persistentvolumeclaim \S+ not found", "The storage for your files does not exist.", _SOON),
    (
        r"unbound immediate|available persistent volumes|non-existent persistentvolume",
        "There is no storage for your files yet.",
        _SOON,
    ),
    (
        r"volume node affinity",
        "The machine with your files cannot run your server.",
        "It starts automatically as soon as that machine has space.",
    ),
    (
        r"max volume count",
        "No machine of this cluster can attach another storage.",
        "It starts automatically as soon as another server ends or the cluster grows.",
    ),
)


def _wanted(pod: Json, things: Iterable[str]) -> str:
    asked: dict[str, list[float]] = {}
    for container in pod["spec"].get("containers") or ():
        for name, amount in (container.get("resources", {}).get("requests") or {}).items():
            asked.setdefault(name, []).append(number_of(str(amount)))
    found = [amount_of(name, str(sum(asked[name]))) for name in asked if thing(name) in things]
    return listed(found)
