"""Why a container does not run, or has ended."""

import re
from collections.abc import Iterable, Sequence

from escape_vre.hub.quantities import amount_alone
from escape_vre.hub.troubles.trouble import RETRY_OR_ASK, Json, Trouble, other


def why_waiting(pod: Json, status: Json, events: Sequence[Json], *, choice: bool) -> Trouble | None:
    """Return why a container of a pod does not run; None if it does, or still may."""
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, said = waiting.get("reason") or "", waiting.get("message") or ""
    image = status.get("image") or ""
    if reason == "InvalidImageName":
        what = f"The name of your server's image, {image}, is not valid."
        return Trouble(what, other(choice), said, final=True)
    if reason in {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ErrImageNeverPull"}:
        return _image(image, said, events, choice=choice)
    if reason in {"CreateContainerConfigError", "CreateContainerError"}:
        tries = count(events, "Error: ")
        lacking = re.search(r"((?:secret|configmap) \"[^\"]+\") not found", said)
        why = f"{lacking[1]} does not exist" if lacking else "it does not fit this cluster"
        return Trouble(
            f"Your server cannot be set up: {why}.",
            other(choice),
            said,
            "Kubernetes tries it once more.",
            final=reason == "CreateContainerConfigError" and tries >= CONFIG_TRIES,
        )
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    # Init containers are meant to end.
    if ended and (ended.get("exitCode") != 0 or "running" in state or waiting):
        return why_ended(pod, status, ended, choice=choice)
    if reason in {"", "ContainerCreating", "PodInitializing"}:
        return None
    what = "Your server does not start yet."
    return Trouble(what, RETRY_OR_ASK, f"{reason}: {said}", "Kubernetes tries again.")


MISSING_TRIES = 2
DENIED_TRIES = 3
"""How many failed pulls end a start: a Secret may be created a moment late."""
CONFIG_TRIES = 3

_PULLS = (
    # What in the answer, what it means, whether waiting may help, and else after how many tries.
    (
        r"no space left",
        "The machine has no space left for the image of your server, {}.",
        "Kubernetes frees space, and tries again.",
        0,
    ),
    (
        r"toomanyrequests|429 Too Many|pull QPS exceeded",
        "The registry limits how often the image of your server, {}, can be pulled.",
        "Kubernetes tries again.",
        0,
    ),
    (
        r"dial tcp|no such host|i/o timeout|deadline exceeded|connection re|x509|tls:|EOF"
        r"|\b50\d (?:Internal|Bad|Service|Gateway)|RegistryUnavailable",
        "The registry with the image of your server, {}, does not answer.",
        "Kubernetes tries again.",
        0,
    ),
    (
        r"denied|insufficient_scope|unauthorized|authentication required|403 Forbidden",
        "The image of your server, {}, does not exist, or this hub may not pull it.",
        "Kubernetes tries again.",
        DENIED_TRIES,
    ),
    (
        r"no match for platform|no matching manifest",
        "The image of your server, {}, does not exist for this type of machine.",
        "Kubernetes tries once more.",
        MISSING_TRIES,
    ),
    (
        r"not found|manifest unknown|name unknown|NotFound",
        "The image of your server, {}, does not exist.",
        "Kubernetes looks once more.",
        MISSING_TRIES,
    ),
)


def _image(image: str, said: str, events: Sequence[Json], *, choice: bool) -> Trouble:
    """Return why an image could not be pulled.

    The status of a container does not change while a pull is tried again. So what counts is how
    often the kubelet reports a failure, not how long it lasts.
    """
    failed = f'Failed to pull image "{image}"'
    reported = [event["message"] for event in events if event["message"].startswith(failed)]
    # Before Kubernetes 1.31 the status says only that it waits.
    why = f"{said} {reported[-1] if reported else ''}"
    for pattern, what, waiting, tries in _PULLS:
        if re.search(pattern, why):
            hint = other(choice) if tries else RETRY_OR_ASK
            final = bool(tries) and count(events, failed) >= tries
            return Trouble(what.format(image), hint, said or why.strip(), waiting, final)
    what = f"The image of your server, {image}, cannot be pulled."
    return Trouble(what, other(choice), said, "Kubernetes tries again.")


def why_ended(pod: Json, status: Json, ended: Json, *, choice: bool) -> Trouble:
    """Return why a container ended; Kubernetes starts it again, after longer and longer pauses."""
    reason, said = ended.get("reason") or "", ended.get("message") or ""
    code, restarts = ended.get("exitCode"), status.get("restartCount", 0)
    if reason == "OOMKilled":
        limits = [
            container.get("resources", {}).get("limits", {}).get("memory")
            for container in pod["spec"].get("containers") or ()
            if container["name"] == status["name"]
        ]
        may = f", {amount_alone('memory', str(limits[0]))}," if any(limits) else ""
        return Trouble(
            f"Your server needs more memory than it may use{may} and was ended.",
            "Choose a larger environment, or tell the administrators of this hub."
            if choice
            else "Ask the administrators of this hub for more.",
            f"{reason}, exit code {code}",
            "Kubernetes starts it again.",
        )
    if reason in {"StartError", "ContainerCannotRun"} or code in {126, 127}:
        image = status.get("image") or ""
        return Trouble(
            f"The image of your server, {image}, does not contain the program to start.",
            other(choice),
            said or f"{reason}, exit code {code}",
            "Kubernetes tries once more.",
            # Two tries, and not while the second runs.
            final=restarts >= 1 and "running" not in status["state"],
        )
    return Trouble(
        f"Your server ended right after its start, with exit code {code}.",
        RETRY_OR_ASK,
        said or f"{reason}, exit code {code}",
        "Kubernetes starts it again.",
    )


def count(events: Iterable[Json], begins: str) -> int:
    """Return how often an event was reported: Kubernetes counts events with the same message."""
    return sum(event.get("count") or 1 for event in events if event["message"].startswith(begins))
