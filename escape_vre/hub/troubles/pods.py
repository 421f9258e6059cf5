"""Why a pod does not run."""

import re
from collections.abc import Sequence

from escape_vre.hub.troubles.containers import why_ended, why_waiting
from escape_vre.hub.troubles.machines import unscheduled
from escape_vre.hub.troubles.trouble import ASK, RETRY_OR_ASK, Json, Trouble


def read(pod: Json, events: Sequence[Json] = (), *, choice: bool = False) -> Trouble | None:
    """Return why a pod does not run.

    Parameters
    ----------
    pod : mapping
        The pod.
    events : sequence of mapping
        Its events, oldest first.
    choice : bool
        Whether users choose their environment.

    Returns
    -------
    Trouble or None
        None if nothing is wrong.
    """
    status = pod["status"]
    if status.get("phase") in {"Failed", "Succeeded"}:
        return _over(pod, choice=choice)
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return unscheduled(pod, condition.get("message") or "", events, choice=choice)
    containers = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    for container in containers:
        if found := why_waiting(pod, container, events, choice=choice):
            return found
    ready = containers and all(container.get("ready") for container in containers)
    return None if ready or not events else _hindered(events[-1])


def _over(pod: Json, *, choice: bool) -> Trouble:
    """Return why a pod ended for good."""
    status = pod["status"]
    reason, said = status.get("reason") or "", (status.get("message") or "").strip()
    again = "Start it again: it may get another machine. If it continues, tell the administrators."
    if reason.startswith("OutOf") or reason == "UnexpectedAdmissionError":
        what = "The machine that your server was given no longer has space for it."
        return Trouble(what, again, said or reason, final=True)
    if reason:
        short = re.search(r"memory|ephemeral|disk|storage|pid", said.lower())
        why = ""
        if short:
            names = {"memory": "memory", "pid": "process numbers"}
            why = f", because {names.get(short[0], 'disk space')} ran short"
        what = f"The cluster ended your server before it was ready{why}."
        return Trouble(what, again, f"{reason}: {said}", final=True)
    for container in status.get("containerStatuses") or ():
        ended = (container.get("state") or {}).get("terminated")
        if ended:
            found = why_ended(pod, container, ended, choice=choice)
            return Trouble(found.what, found.hint, found.said, final=True)
    return Trouble("Your server ended before it was ready.", RETRY_OR_ASK, said, final=True)


_HINDRANCES = (
    (
        "FailedAttachVolume",
        r"Multi-Attach|already (?:used|exclusively)",
        "Your files are still attached to another machine.",
        "They are released within minutes, and your server then starts automatically.",
        "Stop your other servers, or try again in a few minutes; if it continues, tell the"
        " administrators of this hub.",
    ),
    (
        "FailedAttachVolume",
        "",
        "Your files cannot be attached to the machine of your server.",
        "Kubernetes tries again.",
        RETRY_OR_ASK,
    ),
    (
        "FailedMount",
        r"(?:secret|configmap) \"[^\"]+\" not found",
        "A part of your server's configuration does not exist.",
        "Kubernetes looks for it again.",
        ASK,
    ),
    (
        "FailedMount",
        "",
        "Your server's files cannot be mounted.",
        "Kubernetes tries again.",
        RETRY_OR_ASK,
    ),
    (
        "FailedCreatePodSandBox",
        "",
        "The machine of your server cannot give it a network yet.",
        "Kubernetes tries again.",
        RETRY_OR_ASK,
    ),
)


def _hindered(event: Json) -> Trouble | None:
    for reason, pattern, what, waiting, hint in _HINDRANCES:
        if event["reason"] == reason and re.search(pattern, event["message"]):
            return Trouble(what, hint, event["message"], waiting)
    return None
