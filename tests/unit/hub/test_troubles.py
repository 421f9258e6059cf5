"""What Kubernetes says of a pod that does not run, in words for whoever waits for it.

The texts are Kubernetes' 1.36 own, taken from a cluster, unless a line says whose else they are.
"""
# ruff: noqa: E501 (those texts are as long as they are)

import pytest

from escape_vre.hub.quantities import amount_of
from escape_vre.hub.troubles import read, refused

IMAGE = "escape-vre-user:no-such-tag"
PULL = f'Failed to pull image "{IMAGE}": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/{IMAGE}": failed to resolve reference "docker.io/library/{IMAGE}": docker.io/library/{IMAGE}: not found'
HOPELESS = "no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
NO_PROGRAM = 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "no-such-program": executable file not found in $PATH: unknown'


def event(reason, message, count=1):
    return {"reason": reason, "message": message, "count": count}


def pod(*, phase="Pending", unschedulable="", resources=None, reason="", message="", **container):
    status = {"phase": phase}
    if reason:
        status |= {"reason": reason, "message": message}
    if unschedulable:
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        status["conditions"] = [{**condition, "message": unschedulable}]
    else:
        status["conditions"] = [{"type": "PodScheduled", "status": "True"}]
    if container:
        one = {"name": "notebook", "image": IMAGE, "restartCount": 0, "ready": False}
        status["containerStatuses"] = [{**one, "lastState": {}, **container}]
    spec = {"containers": [{"name": "notebook", "image": IMAGE, "resources": resources or {}}]}
    return {"metadata": {"uid": "1"}, "spec": spec, "status": status}


def waits(reason, message="", **more):
    return {"state": {"waiting": {"reason": reason, "message": message}}, **more}


def missing(failures, said=f'Back-off pulling image "{IMAGE}"', pull=PULL):
    """Return a pod whose image failed to be pulled so many times, and its events."""
    events = [
        event("Pulling", f'Pulling image "{IMAGE}"', failures),
        event("Failed", pull, failures),
        event("Failed", "Error: ErrImagePull", failures),
    ]
    return pod(**waits("ImagePullBackOff", said)), events


def test_a_pod_that_comes_up_has_no_trouble():
    assert read(pod(unschedulable="")) is None
    assert read(pod(**waits("ContainerCreating")), [event("Pulling", "Pulling image")]) is None
    running = {"state": {"running": {}}, "ready": True}
    late = [event("FailedMount", "MountVolume.SetUp failed")]
    assert read(pod(phase="Running", **running), late) is None


def test_what_prepares_a_server_may_end():
    found = pod(**waits("PodInitializing"))
    ended = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    found["status"]["initContainerStatuses"] = [
        {"name": "init", "image": "x", "state": ended, "lastState": {}, "ready": True}
    ]
    assert read(found) is None


@pytest.mark.parametrize("tells", [True, False], ids=["status says why", "events say why"])
def test_a_missing_image_is_looked_for_once_more(tells):
    said = f'Back-off pulling image "{IMAGE}": ErrImagePull: {PULL}' if tells else ""
    first = read(*missing(1, said))
    assert first.what == f"The image of your server, {IMAGE}, does not exist."
    assert not first.final
    second = read(*missing(2, said))
    assert second.final
    assert "administrators" in second.hint
    assert "Choose" not in second.hint
    assert "Choose another environment" in read(*missing(2, said), choice=True).hint


def test_a_retry_of_another_image_is_not_ours():
    found, events = missing(1)
    other = event("Failed", PULL.replace(IMAGE, "other:1"), 5)
    assert not read(found, [*events, other]).final


@pytest.mark.parametrize(
    ("said", "word", "after"),
    [
        # containerd, of Docker Hub
        (
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            "may not pull it",
            3,
        ),
        ("no match for platform in manifest: not found", "type of machine", 2),
        (
            'failed to do request: Head "https://r/v2/": dial tcp: lookup r: no such host',
            "does not answer",
            0,
        ),
        (
            "unexpected status from HEAD request to https://r/v2/: 503 Service Unavailable",
            "does not answer",
            0,
        ),
        ("toomanyrequests: You have reached your pull rate limit", "limits how often", 0),
        ("failed to extract layer: write /x: no space left on device", "no space left", 0),
        ("something nobody has seen", "cannot be pulled", 0),
    ],
)
def test_images_that_are_not_missing(said, word, after):
    pull = f'Failed to pull image "{IMAGE}": {said}'
    for failures in range(1, 9):
        found = read(*missing(failures, pull=pull))
        assert word in found.what
        assert found.final == (0 < after <= failures)


def test_a_name_that_is_none():
    said = "invalid reference format: repository name (library/Escape VRE) must be lowercase"
    found = read(pod(**waits("InvalidImageName", said, image="Escape VRE:latest")))
    assert found.final
    assert "Escape VRE:latest" in found.what


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (
            "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. " + HOPELESS,
            "enough free memory and processors for your server: it asks for 2 processors and 900 GiB of memory.",
        ),
        (
            "0/1 nodes are available: 1 Insufficient memory. " + HOPELESS,
            "enough free memory for your server: it asks for 900 GiB of memory.",
        ),
        (
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. " + HOPELESS,
            "graphics processors",
        ),
        ("0/2 nodes are available: 2 Too many pods. " + HOPELESS, "can take another server"),
        (
            "0/2 nodes are available: 2 node(s) had untolerated taint(s). " + HOPELESS,
            "reserved for others",
        ),
        (
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. "
            + HOPELESS,
            "do not exist",
        ),
        (
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            "no storage for your files",
        ),
        (
            "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. "
            + HOPELESS,
            "no storage for your files",
        ),
        (
            '0/1 nodes are available: persistentvolumeclaim "nosuch" not found. not found',
            "storage for your files does not exist",
        ),
        ("0/1 nodes are available: 1 node(s) had a new reason.", "can run your server yet"),
    ],
)
def test_no_machine_takes_it_and_that_is_waited_for(said, what):
    requests = {"cpu": "2", "memory": "966367641600"}
    found = read(pod(unschedulable=said, resources={"requests": requests}))
    assert what in found.what
    assert found.waiting
    assert not found.final


def test_a_cluster_that_grows():
    found = pod(unschedulable="0/1 nodes are available: 1 Insufficient memory.")
    # cluster-autoscaler
    grows = event("TriggeredScaleUp", "pod triggered scale-up: [{pool-1 1->2 (max: 5)}]")
    assert "one more machine" in read(found, [grows]).what


@pytest.mark.parametrize(
    ("reason", "said", "what"),
    [
        (
            "FailedAttachVolume",
            'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) jupyter-ada',
            "attached to another machine",
        ),
        ("FailedAttachVolume", "AttachVolume.Attach failed for volume", "cannot be attached"),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "v" : secret "nosecret" not found',
            "configuration",
        ),
        ("FailedMount", "Unable to attach or mount volumes: timed out waiting", "mounted"),
        ("FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error", "network"),
    ],
)
def test_volumes_are_waited_for(reason, said, what):
    found = pod(**waits("ContainerCreating"))
    told = read(found, [event("Scheduled", "assigned"), event(reason, said)])
    assert what in told.what
    assert told.waiting
    assert not told.final
    # Kubernetes goes on: it is over.
    assert read(found, [event(reason, said), event("Pulling", "Pulling image")]) is None


def test_a_secret_may_be_late_but_not_for_ever():
    found = pod(**waits("CreateContainerConfigError", 'secret "nosecret" not found'))
    said = 'Error: secret "nosecret" not found'
    told = [read(found, [event("Failed", said, n)]) for n in (1, 2, 3)]
    assert [one.final for one in told] == [False, False, True]
    assert 'secret "nosecret" does not exist' in told[0].what


def test_a_program_that_is_not_there():
    ended = {"exitCode": 128, "reason": "StartError", "message": NO_PROGRAM}
    first = {"state": {"terminated": ended}, "restartCount": 0}
    assert not read(pod(phase="Running", **first)).final
    again = waits("RunContainerError", NO_PROGRAM, lastState={"terminated": ended}, restartCount=1)
    found = read(pod(phase="Running", **again))
    assert found.final
    assert "does not contain the program" in found.what
    assert found.said == NO_PROGRAM


def test_too_little_memory():
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    limits = {"limits": {"memory": "67108864"}}
    found = read(pod(phase="Running", resources=limits, state=ended))
    assert found.what == ("Your server needs more memory than it may use, 64 MiB, and was ended.")
    assert not found.final


def test_what_nobody_has_seen_is_said_as_it_is():
    found = read(pod(**waits("SignatureValidationFailed", "no key")))
    assert found.said == "SignatureValidationFailed: no key"
    assert not found.final


def test_a_program_that_ends_at_once():
    ended = {"terminated": {"exitCode": 3, "reason": "Error"}}
    back = waits("CrashLoopBackOff", "back-off 10s restarting", lastState=ended, restartCount=4)
    found = read(pod(phase="Running", **back))
    assert "exit code 3" in found.what
    assert not found.final  # what it lacked may have come meanwhile


def test_an_evicted_pod_does_not_come_back():
    said = "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. "
    ended = {"state": {"terminated": {"exitCode": 137, "reason": "Error"}}}
    found = read(pod(phase="Failed", reason="Evicted", message=said, **ended))
    assert found.final
    assert "because disk space ran short" in found.what
    rejected = pod(phase="Failed", reason="OutOfmemory", message="Pod was rejected")
    assert "no longer has space" in read(rejected).what


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (
            'pods "big" is forbidden: exceeded quota: small, requested: requests.memory=536870912, used: requests.memory=0, limited: requests.memory=300Mi',
            "300 MiB of memory in total, none in use, and your server needs 512 MiB",
        ),
        (
            'persistentvolumeclaims "toobig" is forbidden: exceeded quota: small, requested: requests.storage=900Gi, used: requests.storage=1Gi, limited: requests.storage=5Gi',
            "5 GiB of storage in total, 1 GiB in use, and your server needs 900 GiB",
        ),
        (
            'pods "silent" is forbidden: failed quota: small: must specify requests.memory for: notebook',
            "does not say how much memory it needs",
        ),
        (
            'pods "big" is forbidden: maximum memory usage per Container is 256Mi, but limit is 512Mi',
            "at most 256 MiB of memory, and yours asks for more",
        ),
        (
            'pods "big" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
            "rules of this cluster",
        ),
        (
            'pods is forbidden: User "system:serviceaccount:vre:hub" cannot create resource "pods" in API group "" in the namespace "vre"',
            "hub is not allowed",
        ),
        (
            'configmaps "x" is forbidden: unable to create new content in namespace spawn-quota because it is being terminated',
            "being removed",
        ),
        ("pods is forbidden: for a reason nobody has seen", "Kubernetes refused your server"),
    ],
)
def test_refusals(said, what):
    found = refused(403, said)
    assert what in found.what
    assert "administrators" in found.hint
    assert found.said == said


def test_what_no_quota_would_allow_is_not_for_others_to_make_room_for():
    said = "exceeded quota: small, requested: pods=1,requests.memory={}, used: pods=3,requests.memory=1Gi, limited: pods=9,requests.memory=2Gi"
    assert "Stop servers" in refused(403, said.format("2Gi")).hint
    assert "Stop servers" not in refused(403, said.format("3Gi")).hint
    assert "Choose another" in refused(403, said.format("3Gi"), choice=True).hint


@pytest.mark.parametrize("code", [None, 429, 500, 503])
def test_a_cluster_that_does_not_answer(code):
    assert "does not answer" in refused(code, "").what


def test_nothing_of_an_event_is_markup():
    found = refused(403, "pods <script>alert(1)</script> is forbidden")
    assert "<script>" not in found.html
    told = found.over({"progress": 30, "message": "2026 [Warning] <b>x</b>"})
    assert "<b>" not in told["html_message"]
    assert told["progress"] == 30
    assert told["message"].endswith("2026 [Warning] <b>x</b>")


@pytest.mark.parametrize(
    ("name", "quantity", "said"),
    [
        ("memory", "512M", "488.3 MiB of memory"),
        ("limits.cpu", "1500m", "1.5 processors"),
        ("pods", "5", "5 servers"),
        ("requests.nvidia.com/gpu", "1", "1 graphics processor"),
        ("memory", "much", "much of memory"),
    ],
)
def test_amounts(name, quantity, said):
    assert amount_of(name, quantity) == said
