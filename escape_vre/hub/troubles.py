"""Why a server does not start: what Kubernetes says, in words for its user.

This only translates: it reads pods and events in Kubernetes' JSON, and sends no request.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from escape_vre.hub.quantities import amount_alone, amount_of, number_of, thing

ASK = "Tell the administrators of this hub."
RETRY_OR_ASK = "Try again in a few minutes. If it continues, tell the administrators of this hub."

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Trouble:
    """Why a server does not start.

    Parameters
    ----------
    what : str
        What happened: one sentence.
    hint : str
        What the user can do once the start has failed.
    said : str
        Kubernetes' own words.
    waiting : str
        What Kubernetes waits for; empty if waiting hardly helps.
    final : bool
        Whether waiting cannot help at all.
    """

    what: str
    hint: str
    said: str
    waiting: str = ""
    final: bool = False

    @property
    def text(self) -> str:
        """What the user reads once the start has failed."""
        return f"{self.what} {self.hint}"

    @property
    def html(self) -> str:
        """The same with Kubernetes' words below; of inline elements, for it stands in a ``<p>``."""
        # The page above it still says that the server is starting.
        return f"Your server did not start.<br>{self._html(self.hint, self.said)}"

    def over(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event of JupyterHub's progress, with its explanation first."""
        raw = str(event["message"])
        meanwhile = f"{self.what} {self.waiting}".rstrip()
        html = self._html(self.waiting, raw)
        return {**event, "message": f"{meanwhile}\n{raw}", "html_message": html}

    def alone(self) -> dict[str, Any]:
        """Return an event of JupyterHub's progress, where Kubernetes sent none."""
        return self.over({"message": self.said})

    def _html(self, then: str, said: str) -> str:
        parts = [f"<strong>{escape(self.what)}</strong>", escape(then)]
        if said:
            parts.append(f'<small class="text-muted text-break">{escape(said)}</small>')
        return "<br>".join(filter(None, parts))


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
            return _unscheduled(pod, condition.get("message") or "", events, choice=choice)
    containers = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    for container in containers:
        if found := _container(pod, container, events, choice=choice):
            return found
    ready = containers and all(container.get("ready") for container in containers)
    return None if ready or not events else _hindered(events[-1])


def refused(code: int | None, said: str, *, choice: bool = False) -> Trouble:
    """Return why Kubernetes refused a pod or a volume.

    Parameters
    ----------
    code : int or None
        The status of its answer; None without an answer.
    said : str
        Its message.
    choice : bool
        Whether users choose their environment.
    """
    if code is None or code in {408, 429} or code >= 500:
        return Trouble("Kubernetes, which runs the servers, does not answer.", RETRY_OR_ASK, said)
    if found := re.search(r"exceeded quota: \S+, requested: (.+), used: (.+), limited: (.+)", said):
        return _quota(said, *found.groups(), choice=choice)
    if found := re.search(r"failed quota: \S+: must specify (\S+)", said):
        what = f"This hub has a quota, and your server does not say how much {thing(found[1])} it"
        return Trouble(f"{what} needs.", _other(choice), said)
    if found := re.search(r"(maximum|minimum) (\S+) usage per (\S+) is ([^\s,]+)", said):
        bound = "at most" if found[1] == "maximum" else "at least"
        amount = amount_of(found[2], found[4])
        what = f"This hub lets a server have {bound} {amount}, and yours asks for"
        return Trouble(
            f"{what} {'more' if found[1] == 'maximum' else 'less'}.", _other(choice), said
        )
    for pattern, what, helps in _REFUSALS:
        if re.search(pattern, said):
            return Trouble(what, _other(choice and helps), said)
    return Trouble("Kubernetes refused your server.", ASK, said)


_REFUSALS = (
    # What in the answer, what it means, and whether another environment may help.
    (
        r"violates PodSecurity|admission webhook|ValidatingAdmissionPolicy",
        "The rules of this cluster do not allow your server as it is set up.",
        True,
    ),
    (r"must be less than or equal to", "Your server asks for more than it may use.", True),
    (r"cannot \w+ resource", "This hub is not allowed to start your server.", False),
    (
        r"being terminated",
        "The namespace for your server is being removed.",
        False,
    ),
)


def _other(choice: bool) -> str:
    return "Choose another environment, or tell the administrators of this hub." if choice else ASK


def _smaller(first: str, choice: bool) -> str:
    smaller = ", choose a smaller environment," if choice else ""
    return f"{first}{smaller} or ask the administrators of this hub."


# ---- machines


def _unscheduled(pod: Json, said: str, events: Sequence[Json], *, choice: bool) -> Trouble:
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
    full = _smaller("Try again later", choice)
    when = "It starts automatically as soon as another server ends or the cluster grows."
    if lacking:
        wanted = _wanted(pod, lacking)
        asks = f": it asks for {wanted}" if wanted else ""
        what = f"No machine of this cluster has enough free {_and(lacking)} for your server{asks}."
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
        return Trouble(what, _other(choice), said, "It starts automatically as soon as one can.")
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
    return _and(found)


# ---- images and containers


def _container(pod: Json, status: Json, events: Sequence[Json], *, choice: bool) -> Trouble | None:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, said = waiting.get("reason") or "", waiting.get("message") or ""
    image = status.get("image") or ""
    if reason == "InvalidImageName":
        what = f"The name of your server's image, {image}, is not valid."
        return Trouble(what, _other(choice), said, final=True)
    if reason in {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ErrImageNeverPull"}:
        return _image(image, said, events, choice=choice)
    if reason in {"CreateContainerConfigError", "CreateContainerError"}:
        tries = _count(events, "Error: ")
        lacking = re.search(r"((?:secret|configmap) \"[^\"]+\") not found", said)
        why = f"{lacking[1]} does not exist" if lacking else "it does not fit this cluster"
        return Trouble(
            f"Your server cannot be set up: {why}.",
            _other(choice),
            said,
            "Kubernetes tries it once more.",
            final=reason == "CreateContainerConfigError" and tries >= CONFIG_TRIES,
        )
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    # Init containers are meant to end.
    if ended and (ended.get("exitCode") != 0 or "running" in state or waiting):
        return _ended(pod, status, ended, choice=choice)
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
            hint = _other(choice) if tries else RETRY_OR_ASK
            final = bool(tries) and _count(events, failed) >= tries
            return Trouble(what.format(image), hint, said or why.strip(), waiting, final)
    what = f"The image of your server, {image}, cannot be pulled."
    return Trouble(what, _other(choice), said, "Kubernetes tries again.")


def _ended(pod: Json, status: Json, ended: Json, *, choice: bool) -> Trouble:
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
            _other(choice),
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
            found = _ended(pod, container, ended, choice=choice)
            return Trouble(found.what, found.hint, found.said, final=True)
    return Trouble("Your server ended before it was ready.", RETRY_OR_ASK, said, final=True)


# ---- what hinders a pod that has a machine

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


def _count(events: Iterable[Json], begins: str) -> int:
    """Return how often an event was reported: Kubernetes counts events with the same message."""
    return sum(event.get("count") or 1 for event in events if event["message"].startswith(begins))


# ---- quotas


def _quota(said: str, requested: str, used: str, limited: str, *, choice: bool) -> Trouble:
    asked, taken, may = (
        dict(entry.split("=", 1) for entry in text.split(",") if "=" in entry)
        for text in (requested, used, limited)
    )
    parts, hopeless = [], False
    for name, limit in may.items():
        needs, has = asked.get(name, "0"), taken.get(name, "0")
        hopeless = hopeless or number_of(needs) > number_of(limit)
        use = amount_alone(name, has) if number_of(has) else "none"
        whole = amount_of(name, limit)
        parts.append(
            f"{whole} in total, {use} in use, and your server needs {amount_alone(name, needs)}"
        )
    what = f"The quota of this hub does not allow your server: {'; '.join(parts)}."
    hint = _other(choice) if hopeless else _smaller("Stop servers you do not need", choice)
    return Trouble(what, hint, said)


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
