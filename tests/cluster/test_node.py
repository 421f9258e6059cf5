"""The node runs pods, and what a site relies on in our images is so."""

import json
import re
import time

import pytest

from tests.cluster import images
from tests.cluster.images import pulled
from tests.cluster.kubectl import get

pytestmark = pytest.mark.cluster

# Sizes on a node's disk that we have agreed to, bytes: growing past them is to be a decision.
LARGEST = {"escape-vre-user": 1_400e6, "escape-vre-hub": 460e6}

LOOK = """
import importlib, importlib.metadata, json, os, shutil, sys, traceback
found = {"uid": os.getuid(), "groups": os.getgroups(), "writable": [], "missing": {}}
for folder in ("/", "/opt", "/etc", "/usr/local", "/usr/local/etc", sys.prefix):
    try:
        open(os.path.join(folder, "mark"), "w")
    except OSError:
        continue
    found["writable"].append(folder)
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception:
        found["missing"][name] = traceback.format_exc()
found["compilers"] = [n for n in ("cc", "gcc", "g++", "clang", "ld", "make") if shutil.which(n)]
found["version"] = importlib.metadata.version("escape-vre")
found["settings"] = os.path.exists("/etc/pip.conf") and open("/etc/pip.conf").read()
found["prefix"] = sys.prefix
print(json.dumps(found))
"""

MODULES = {
    "escape-vre-user": (
        *("escape_vre", "jupyterlab", "jupyterhub", "ipykernel", "ipywidgets", "pandas"),
        *("astropy.table", "pyvo", "uproot", "pyarrow.parquet", "h5py", "matplotlib.pyplot"),
        *("dask.array", "dask.dataframe", "distributed"),
    ),
    "escape-vre-hub": ("escape_vre.hub", "jupyterhub", "kubespawner", "oauthenticator", "pycurl"),
}


def test_node_is_ready_and_has_a_default_storage_class(cluster):
    (node,) = get("nodes")["items"][:1]
    conditions = {one["type"]: one["status"] for one in node["status"]["conditions"]}
    assert conditions["Ready"] == "True"
    marked = "storageclass.kubernetes.io/is-default-class"
    classes = get("storageclass")["items"]
    assert [one for one in classes if one["metadata"].get("annotations", {}).get(marked) == "true"]


def test_image_runs_restricted_on_a_read_only_root(pods, image):
    said = pods.run(image.name, pulled(image), ["python3", "-c", LOOK, *MODULES[image.name]])
    found = json.loads(said.splitlines()[-1])
    assert found["missing"] == {}
    assert found["uid"] == 1000
    assert found["writable"] == []
    assert found["compilers"] == []
    assert not found["settings"]  # where the building machine had its packages from
    assert found["version"] == images.version()


def test_image_says_what_it_is_and_holds_no_secret(image):
    said = images.described(image)
    labels = said["config"]["Labels"]
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}version"] == images.version()
    assert labels[f"{prefix}base.name"] == image.base
    assert labels[f"{prefix}licenses"] == "BSD-3-Clause"
    assert re.fullmatch("[0-9a-f]{40}", labels[f"{prefix}revision"])
    assert said["config"]["User"].split(":")[0] == "1000"
    names = [entry.partition("=")[0] for entry in said["config"]["Env"]]
    assert not [name for name in names if re.search("(?i)token|secret|password|pip_", name)]
    assert not re.search(r"(?i)https?://[^/ ]*@", json.dumps(said))


def test_image_is_no_larger_than_agreed(image, measured):
    size = images.unpacked_bytes(image)
    measured(f"{image.name}, MB on disk", size / 1e6)
    assert size < LARGEST[image.name]


def test_commands_of_rucio_and_reana_run(pods):
    look = "set -e; cd; rucio --version; reana-client version; escape-vre agent status || true"
    said = pods.run("commands", pulled(images.user()), ["sh", "-c", look])
    assert "rucio 41.5.1" in said
    assert "0.9.6" in said


LAB = ("jupyter", "lab", "--ip=0.0.0.0", "--no-browser", "--IdentityProvider.token=known")
WITHOUT = "--ServerApp.jpserver_extensions={'escape_vre': False}"


def ready(pods, name, *options):
    """Start a server; return how long it took to be ready, seconds."""
    began = time.monotonic()
    pods.start(name, pulled(images.user()), [*LAB, *options], ready="/api", port=8888)
    pods.wait_ready(name)
    return time.monotonic() - began


def test_how_long_a_server_takes_to_be_ready(pods, measured):
    ready(pods, "warm")
    for n in range(3):
        measured("server ready, s", ready(pods, f"with-{n}"))
        measured("server ready without escape-vre, s", ready(pods, f"without-{n}", WITHOUT))


def test_server_has_our_extension_and_an_agent(pods):
    ready(pods, "server")
    ask = (
        "import json, sys, urllib.request as u\n"
        "request = u.Request('http://127.0.0.1:8888/' + sys.argv[1],"
        " headers={'Authorization': 'token known'})\n"
        "print(u.urlopen(request, timeout=60).read().decode())"
    )
    extensions = json.loads(pods.inside("server", "python3", "-c", ask, "lab/api/extensions"))
    assert [one for one in extensions if one["name"] == "escape-vre" and one["enabled"]]
    # The agent starts on a read-only root, and answers through the server.
    said = pods.inside("server", "python3", "-c", ask, "escape-vre/datalake/instances")
    assert json.loads(said) is not None
    assert " is running, " in pods.inside("server", "escape-vre", "agent", "status")


def test_image_that_does_not_exist_says_so(pods):
    pods.start("nothing", "escape-vre-nothing:1")
    deadline = time.monotonic() + 60
    while (why := pods.waiting("nothing")) not in {"ErrImagePull", "ImagePullBackOff"}:
        assert time.monotonic() < deadline, why
        time.sleep(0.2)


def test_image_runs_by_its_digest(pods, image):
    digest = images.push(image, print)
    assert digest.startswith("sha256:")
    said = pods.run(
        f"{image.name}-by-digest", pulled(image, digest), ["python3", "-c", "print('here')"]
    )
    assert said.strip() == "here"
