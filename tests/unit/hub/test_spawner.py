"""Starts that fail, as JupyterHub does them; Kubernetes' side is written by the test."""

import asyncio
import json
import logging
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import pytest_asyncio
from jupyterhub import orm, roles
from jupyterhub.objects import Hub
from jupyterhub.user import User
from jupyterhub.utils import format_exception
from tornado import web
from traitlets.config import Config

pytest.importorskip("kubespawner")

from aiohttp import ClientConnectionError
from kubernetes_asyncio.client.rest import ApiException
from kubespawner import KubeSpawner

from escape_vre.hub import spawner as ours
from escape_vre.hub.pods import SPAWNER, equip
from escape_vre.hub.settings import load
from tests.unit.hub.conftest import until
from tests.unit.hub.test_troubles import HOPELESS, IMAGE, PULL, event, pod, waits

FULL = f"0/1 nodes are available: 1 Insufficient memory. {HOPELESS}"


class Reflector:
    """What kubespawner has seen of one kind of object."""

    def __init__(self):
        self.resources = {}
        self.first_load_future = asyncio.Future()
        self.first_load_future.set_result(None)

    @property
    def pods(self):
        return self.resources

    @property
    def events(self):
        return list(self.resources.values())


class Kubernetes:
    """The calls of a start, each counted, and what the reflectors have."""

    def __init__(self):
        self.calls = []
        self.refuses = None
        self.becomes = None
        self.made = 0
        self.pods, self.told = Reflector(), Reflector()

    async def create_namespaced_pod(self, namespace, pod):
        self.calls.append("create")
        if self.refuses:
            raise self.refuses
        self.made += 1
        if self.becomes:
            self.show(self.becomes)

    async def delete_namespaced_pod(self, *, name, namespace, **_):
        self.calls.append("delete")
        self.pods.resources.pop(f"{namespace}/{name}", None)

    def show(self, found):
        """Let the reflector see the newest pod so."""
        metadata = {"uid": f"uid-{self.made}", "name": "jupyter-ada", "namespace": "vre"}
        if "deletionTimestamp" in found.get("metadata", {}):
            metadata = found["metadata"]
        status = {"podIP": None, **found["status"]}
        self.pods.resources["vre/jupyter-ada"] = {**found, "metadata": metadata, "status": status}

    def say(self, reason, message, count=1, kind="Warning"):
        key = f"vre/{len(self.told.resources)}"
        self.told.resources[key] = {
            **event(reason, message, count),
            "metadata": {"uid": key},
            "type": kind,
            "involvedObject": {"name": "jupyter-ada", "uid": f"uid-{self.made}"},
            "lastTimestamp": f"2026-11-21T09:00:{len(self.told.resources):02}Z",
            "eventTime": None,
        }


@pytest_asyncio.fixture
async def kubernetes(monkeypatch):
    found = Kubernetes()
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda *_, **__: found)
    reflectors = {("pods", "vre"): found.pods, ("events", "vre"): found.told}
    monkeypatch.setattr(KubeSpawner, "reflectors", reflectors)
    monkeypatch.setattr(ours, "LOOK_EVERY_S", 0.01)
    return found


@pytest.fixture
def ada(kubernetes, db):
    for role in roles.get_default_roles():
        roles.create_role(db, role)
    found = orm.User(name="ada")
    db.add_all([found, orm.OAuthClient(identifier="jupyterhub")])
    db.commit()
    roles.assign_default_roles(db, found)
    config = Config()
    config.KubeSpawner.namespace = "vre"
    config.KubeSpawner.pod_name_template = "jupyter-{username}"
    config.KubeSpawner.image = IMAGE
    config.KubeSpawner.port = 1  # nobody listens there
    config.KubeSpawner.start_timeout = 30
    config.KubeSpawner.consecutive_failure_limit = 5
    settings = {
        "spawner_class": ours.EscapeSpawner,
        "config": config,
        "hub": Hub(ip="hub"),
        "statsd": Mock(),
        "log": logging.getLogger("jupyterhub"),
        "base_url": "/",
    }
    return User(found, settings)


async def refused(user):
    """Return the error of a start, and what a person reads of it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (what it is, is the test's question)
        await user.spawn()
    return caught.value, *format_exception(caught.value, only_jupyterhub=True)


@pytest.mark.parametrize("section", ["Spawner", "KubeSpawner"])
def test_a_server_has_two_minutes_to_answer_unless_the_site_says_otherwise(ada, section):
    assert ada.spawners[""].http_timeout == 120
    ada.settings["config"][section].http_timeout = 7
    assert ada.spawners["another"].http_timeout == 7


@pytest.mark.asyncio
async def test_a_missing_image_ends_the_start_and_the_pod_is_deleted(kubernetes, ada):
    spawner = ada.spawners[""]
    kubernetes.becomes = pod(**waits("ErrImagePull", PULL))
    starting = asyncio.ensure_future(refused(ada))
    await until(lambda: kubernetes.pods.resources)
    kubernetes.say("Failed", PULL)
    await asyncio.sleep(0.05)
    assert not starting.done()  # once may be an accident
    kubernetes.told.resources["vre/0"]["count"] = 2
    error, text, html = await starting
    assert text.startswith(f"The image of your server, {IMAGE}, does not exist.")
    assert "code = NotFound" in html
    assert isinstance(error, web.HTTPError)
    assert kubernetes.calls == ["create", "delete"]
    # A hub is not ended by what it cannot change.
    assert spawner.consecutive_failure_limit == 0


@pytest.mark.asyncio
async def test_an_earlier_pod_says_nothing_of_this_start(kubernetes, ada):
    kubernetes.show(pod(phase="Failed", reason="Evicted", message="The node was low on memory"))
    kubernetes.say("Failed", PULL, 9)
    starting = asyncio.ensure_future(ada.spawners[""].start())
    await until(lambda: kubernetes.made)
    await asyncio.sleep(0.05)
    kubernetes.show(running())
    assert await starting == "http://127.0.0.1:1"


@pytest.mark.asyncio
async def test_a_pod_that_is_being_deleted_says_nothing_either(kubernetes, ada):
    """The reflector may have seen the earlier one only when it was to go."""
    leaving = pod(phase="Failed", reason="Evicted", message="The node was low on memory")
    leaving["metadata"] = {"uid": "uid-0", "deletionTimestamp": "2026-11-21T09:00:00Z"}
    kubernetes.becomes = leaving
    starting = asyncio.ensure_future(ada.spawners[""].start())
    await until(lambda: kubernetes.made)
    await asyncio.sleep(0.05)
    assert not starting.done()
    kubernetes.show(running())
    assert await starting == "http://127.0.0.1:1"


def running():
    found = pod(phase="Running", state={"running": {}}, ready=True)
    found["spec"]["containers"][0]["ports"] = [{"name": "notebook-port", "containerPort": 1}]
    found["status"]["podIP"] = "127.0.0.1"
    return found


@pytest.mark.asyncio
async def test_a_start_that_recovers_is_let_go_on(kubernetes, ada):
    kubernetes.becomes = pod(unschedulable=FULL)
    starting = asyncio.ensure_future(ada.spawners[""].start())
    await until(lambda: kubernetes.pods.resources)
    kubernetes.say("FailedScheduling", FULL)
    for found in (
        pod(**waits("ErrImagePull", PULL)),
        pod(**waits("CreateContainerConfigError", 'secret "x" not found')),
        pod(phase="Running", **waits("CrashLoopBackOff", restartCount=3)),
        {"status": {"phase": "Pending", "conditions": [{}]}},  # nobody knows what this is
        pod(phase="Running", state={"running": {}}),
    ):
        kubernetes.show(found)
        await asyncio.sleep(0.03)
        assert not starting.done()
    kubernetes.show(running())
    assert await starting == "http://127.0.0.1:1"
    assert kubernetes.calls == ["create"]


@pytest.mark.asyncio
async def test_no_room_is_said_at_once_and_again_when_time_is_up(kubernetes, ada):
    spawner = ada.spawners[""]
    spawner.start_timeout = 5
    kubernetes.becomes = pod(unschedulable=FULL)
    starting = asyncio.ensure_future(refused(ada))
    await until(lambda: kubernetes.pods.resources)
    spawner._spawn_pending = True
    kubernetes.say("FailedScheduling", FULL)
    messages = spawner.progress()
    first = await anext(messages)
    assert first["html_message"].startswith("<strong>No machine of this cluster has enough free")
    assert "It starts automatically" in first["html_message"]
    assert f"[Warning] {FULL}" in first["message"]
    assert first["raw_event"]["reason"] == "FailedScheduling"
    await messages.aclose()
    error, text, _ = await starting
    assert isinstance(error, TimeoutError)
    assert error.reason == "timeout"
    assert text.startswith("No machine of this cluster has enough free memory for your server")
    assert "Try again later" in text


@pytest.mark.asyncio
async def test_a_time_out_without_a_reason_stays_as_it_is(kubernetes, ada):
    spawner = ada.spawners[""]
    spawner.start_timeout = 1
    kubernetes.becomes = pod(**waits("ContainerCreating"))
    error, text, html = await refused(ada)
    assert isinstance(error, TimeoutError)
    assert (text, html) == (None, None)
    assert spawner.consecutive_failure_limit == 5


@pytest.mark.asyncio
async def test_progress_leaves_alone_what_goes_well(kubernetes, ada):
    spawner = ada.spawners[""]
    kubernetes.becomes = pod(**waits("ContainerCreating"))
    starting = asyncio.ensure_future(spawner.start())
    await until(lambda: kubernetes.pods.resources)
    spawner._spawn_pending = True
    kubernetes.say("Scheduled", "Successfully assigned vre/jupyter-ada to node1", kind="Normal")
    kubernetes.show(running())
    await starting
    spawner._spawn_pending = False
    (told,) = [one async for one in spawner.progress()]
    assert told["message"].endswith("[Normal] Successfully assigned vre/jupyter-ada to node1")
    assert "html_message" not in told


@pytest.mark.asyncio
async def test_without_events_progress_says_why_all_the_same(kubernetes, ada):
    spawner = ada.spawners[""]
    spawner.events_enabled = False
    kubernetes.becomes = pod(unschedulable=FULL)
    starting = asyncio.ensure_future(spawner.start())
    await until(lambda: kubernetes.pods.resources)
    spawner._spawn_pending = True
    messages = spawner.progress()
    assert "enough free memory" in (await anext(messages))["message"]
    await messages.aclose()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting


@pytest.mark.asyncio
async def test_a_reason_is_shown_in_place_of_a_call_for_patience(kubernetes, ada, monkeypatch):
    """KubeSpawner 7.1 asks for it every five seconds."""

    async def asks(self):
        yield {"message": "Please be patient! 60 s"}
        kubernetes.show(pod(unschedulable=FULL))
        yield {"message": "Please be patient! 65 s"}
        yield {"message": "Please be patient! 70 s"}
        kubernetes.show(pod(**waits("ContainerCreating")))
        yield {"message": "Please be patient! 75 s"}

    monkeypatch.setattr(KubeSpawner, "progress", asks)
    spawner = ada.spawners[""]
    kubernetes.becomes = pod(**waits("ContainerCreating"))
    starting = asyncio.ensure_future(spawner.start())
    await until(lambda: kubernetes.pods.resources)
    told = [one["message"] async for one in spawner.progress()]
    assert [text.split(":")[0] for text in told] == [
        "Please be patient! 60 s",
        "No machine of this cluster has enough free memory for your server. It starts automatically"
        " as soon as another server ends or the cluster grows.\n" + FULL.split(":")[0],
        "Please be patient! 75 s",
    ]
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting


@pytest.mark.asyncio
@pytest.mark.parametrize("deleted", [False, True])
async def test_a_server_that_ends_before_it_answers(kubernetes, ada, deleted):
    """It runs for a moment, so that JupyterHub waits for its answer."""
    kubernetes.becomes = running()
    spawner = ada.spawners[""]
    spawner.http_timeout = 5
    starting = asyncio.ensure_future(refused(ada))
    await until(lambda: spawner._waiting_for_response)
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    if deleted:
        kubernetes.show(pod(phase="Running", state=ended, restartCount=1))
        assert await spawner.poll() == 137  # as JupyterHub does every half a minute
        assert not kubernetes.pods.resources
    else:
        back = waits("CrashLoopBackOff", "back-off", lastState=ended, restartCount=1)
        kubernetes.show(pod(phase="Running", **back))
    error, text, _ = await starting
    assert isinstance(error, TimeoutError)
    assert text.startswith("Your server needs more memory than it may use")


def answer(status, message):
    error = ApiException(status=status, reason="Forbidden")
    error.body = json.dumps({"message": message})
    return error


@pytest.mark.asyncio
async def test_a_quota(kubernetes, ada):
    said = (
        'pods "jupyter-ada" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5,'
        " limited: pods=5"
    )
    spawner = ada.spawners[""]
    kubernetes.refuses = answer(403, said)
    error, text, html = await refused(ada)
    assert "5 servers in total, 5 in use, and your server needs 1." in text
    assert said in html.replace("&quot;", '"')
    # Programs read this.
    assert said in error.log_message
    assert spawner.consecutive_failure_limit == 0


@pytest.mark.parametrize(
    "fault", [ClientConnectionError("refused"), ApiException(status=503, reason="Unavailable")]
)
@pytest.mark.asyncio
async def test_a_cluster_that_does_not_answer_may_end_a_hub(kubernetes, ada, fault):
    spawner = ada.spawners[""]
    kubernetes.refuses = fault
    _, text, _ = await refused(ada)
    assert "does not answer" in text
    assert spawner.consecutive_failure_limit == 5


def test_events_are_gone_through_once_for_all(kubernetes, monkeypatch):
    """A hundred servers that start do not look through all events a hundred times."""
    looks = []

    class Counted(dict):
        def values(self):
            looks.append(1)
            return super().values()

    monkeypatch.setattr(ours, "LOOK_EVERY_S", 60)
    kubernetes.say("Failed", PULL)
    kubernetes.told.resources = Counted(kubernetes.told.resources)
    starting = SimpleNamespace(event_reflector=kubernetes.told, _events=ours.EscapeSpawner._events)
    for _ in range(100):
        (told,) = ours.EscapeSpawner._told(starting, "uid-0")
        assert told["message"] == PULL
    assert len(looks) == 1


@pytest.mark.parametrize(
    "chosen", ["kubespawner.KubeSpawner", "kubespawner.spawner.KubeSpawner", "kubespawner"]
)
@pytest.mark.parametrize("named", [True, False])
def test_a_site_with_kubespawner_has_ours(chosen, named):
    c = Config()
    c.JupyterHub.spawner_class = chosen if named else KubeSpawner
    equip(c, load({"login": {"provider": "shared-password"}}))
    assert c.JupyterHub.spawner_class == SPAWNER
    assert f"{ours.EscapeSpawner.__module__}.{ours.EscapeSpawner.__name__}" == SPAWNER


class Own(KubeSpawner):
    """A site's own."""


@pytest.mark.parametrize("chosen", [None, "jupyterhub.spawner.SimpleLocalProcessSpawner", Own])
def test_any_other_spawner_stays(chosen):
    c = Config()
    if chosen:
        c.JupyterHub.spawner_class = chosen
    equip(c, load({"login": {"provider": "shared-password"}}))
    assert c.JupyterHub.get("spawner_class") == chosen
