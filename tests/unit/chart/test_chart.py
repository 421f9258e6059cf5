"""The chart itself: what it is made of, and what a change of values does."""

import base64
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from escape_vre.hub import check, schema
from escape_vre.hub.trial import TOKEN
from tests.cluster.chart import CHART, EXAMPLES, ROOT, STAND_IN, stand_in_schema, z2jh_schema
from tests.unit.chart.conftest import environment, named

LAPTOP = EXAMPLES / "laptop.yaml"
IAM = EXAMPLES / "site-iam.yaml"


def lists(found, path=""):
    """Return where there are lists."""
    if isinstance(found, list):
        return [path]
    if isinstance(found, dict):
        return [p for key, value in found.items() for p in lists(value, f"{path}.{key}")]
    return []


def test_our_defaults_are_maps():
    """A list of an administrator's would replace ours without a word."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert lists(values) == []
    assert values["global"] == {"escape": {}}


def test_one_line_of_the_hubs_configuration_is_ours():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    (line,) = values["jupyterhub"]["hub"]["extraConfig"].values()
    assert line.count("\n") == 0
    compile(line, "extraConfig", "exec")
    assert 'configure(c, z2jh.get_config("global.escape"))' in line


def test_z2jh_is_the_one_we_know():
    ours = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert [(d["name"], d["version"]) for d in ours["dependencies"]] == [("jupyterhub", "4.4.0")]
    stand_in = yaml.safe_load((STAND_IN / "Chart.yaml").read_text())
    assert (stand_in["name"], stand_in["version"]) == ("jupyterhub", "4.4.0")


def test_one_version_everywhere():
    version = json.loads((ROOT / "package.json").read_text())["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == version
    values = yaml.safe_load((CHART / "values.yaml").read_text())["jupyterhub"]
    assert values["hub"]["image"]["tag"] == values["singleuser"]["image"]["tag"] == version


def test_the_schema_and_the_table_are_what_the_settings_are(copy):
    before = [(copy / name).read_text() for name in ("values.schema.json", "README.md")]
    schema.write(copy)
    assert [(copy / name).read_text() for name in ("values.schema.json", "README.md")] == before
    assert "`global.escape.tokens.audiences[].name`" in before[1]


def sections(found):
    if isinstance(found, dict):
        if "properties" in found and found.get("type") == "object":
            yield found
        for value in found.values():
            yield from sections(value)
    elif isinstance(found, list):
        for value in found:
            yield from sections(value)


def test_the_schema_is_strict_below_global_escape():
    whole = schema.values_schema()
    escape = whole["properties"]["global"]["properties"]["escape"]
    open_ones = [
        s for s in sections([escape, whole["$defs"]]) if s.get("additionalProperties") is not False
    ]
    # Of login, the kind of provider decides, and both kinds are strict.
    assert open_ones == [escape["properties"]["login"]]
    assert whole["additionalProperties"] is False


# The stand-in.


def test_the_stand_ins_schema_is_what_its_values_are():
    assert json.loads((STAND_IN / "values.schema.json").read_text()) == stand_in_schema()


def paths(found, path=()):
    for key, value in found.get("properties", {}).items():
        yield (*path, key)
        yield from paths(value, (*path, key))


def allows(found, path):
    """Whether a schema has a place for this path."""
    for part in path:
        properties = found.get("properties", {})
        if part in properties:
            found = properties[part]
        else:
            return found.get("additionalProperties", True) is not False and not properties
    return True


def test_the_stand_in_takes_nothing_that_z2jh_does_not():
    theirs = z2jh_schema()
    if theirs is None:
        pytest.skip("z2jh's schema is neither in Z2JH_CHART nor in ../shared/data")
    ours = stand_in_schema()
    wrong = [".".join(path) for path in paths(ours) if not allows(theirs, path)]
    assert wrong == []


def test_the_stand_in_looks_only_at_values_that_it_has():
    schema = stand_in_schema()
    texts = [f.read_text() for f in (STAND_IN / "templates").iterdir()]
    used = {m for text in texts for m in re.findall(r"\.Values\.([A-Za-z0-9.]+)", text)}
    assert len(used) > 20
    assert [path for path in sorted(used) if not allows(schema, path.split("."))] == []


def test_ours_look_only_at_values_that_z2jh_has():
    theirs = z2jh_schema() or stand_in_schema()
    used = set()
    for file in (CHART / "templates").iterdir():
        text = file.read_text().replace("$hub := .Values.jupyterhub", "")
        used |= set(re.findall(r"\.Values\.jupyterhub\.([A-Za-z0-9.]+)", text))
        used |= set(re.findall(r"\$hub\.([A-Za-z0-9.]+)", text))
    assert len(used) > 15
    assert [path for path in sorted(used) if not allows(theirs, path.split("."))] == []


def test_a_changed_setting_restarts_the_hub(run, values):
    def checksum(*files):
        pod = named(run.manifests(LAPTOP, EXAMPLES / "gitops.yaml", *files), "Deployment", "hub")
        return pod["spec"]["template"]["metadata"]["annotations"]["checksum/secret"]

    changed = values({"global": {"escape": {"user": {"data_dir": "/scratch"}}}})
    assert checksum() == checksum()
    assert checksum() != checksum(changed)


def test_images_of_profiles_are_pulled_ahead(run, values):
    profiles = [{"display_name": "x", "kubespawner_override": {"image": "example.org/x@sha256:1"}}]
    found = values(
        {
            "jupyterhub": {
                "singleuser": {"profileList": profiles},
                "prePuller": {"continuous": {"enabled": True}},
            }
        }
    )
    puller = named(run.manifests(LAPTOP, found), "DaemonSet", "continuous-image-puller")
    pulled = [c["image"] for c in puller["spec"]["template"]["spec"]["initContainers"]]
    assert "example.org/x@sha256:1" in pulled


# The Job, and helm test.


def test_the_job_has_the_sites_secret_and_does_not_hang_without_it(run):
    job = named(run.manifests(IAM), "Job", "vre-escape-check")
    (volume,) = job["spec"]["template"]["spec"]["volumes"]
    assert volume["secret"] == {"secretName": "escape-hub", "optional": True}
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_the_job_runs_in_the_hubs_new_image(run, values):
    found = run.manifests(IAM, values({"jupyterhub": {"hub": {"image": {"tag": "9.9.9"}}}}))
    hub = named(found, "Deployment", "hub")["spec"]["template"]["spec"]
    job = named(found, "Job", "vre-escape-check")["spec"]["template"]["spec"]
    assert job["containers"][0]["image"] == hub["containers"][0]["image"]
    assert job["containers"][0]["image"].endswith("escape-vre-hub:9.9.9")


def test_no_password_is_in_the_jobs_variables(run):
    job = environment(named(run.manifests(LAPTOP), "Job", "vre-escape-check"))
    assert "escape-on-my-laptop" not in json.dumps(job)
    assert json.loads(job["ESCAPE_VRE_CHECK"])["password_length"] == len("escape-on-my-laptop")


def from_secret(key):
    return {"valueFrom": {"secretKeyRef": {"name": "other", "key": key}}}


def as_list(variables):
    return [
        {"name": name, **(value if isinstance(value, dict) else {"value": value})}
        for name, value in variables.items()
    ]


@pytest.mark.parametrize("form", [dict, as_list])
def test_the_job_has_of_the_hubs_variables_only_what_it_reads(run, values, form):
    needed = dict.fromkeys(check.VARIABLES, "x")
    needed |= {"OUR_CLIENT": from_secret("client"), "OUR_KEYS": from_secret("keys")}
    others = {
        "ESCAPE_VRE_CLIENT_SECRET": from_secret("of-another-client"),
        "DATABASE_PASSWORD": from_secret("database"),
        "LOG_LEVEL": "debug",
    }
    found = run.manifests(
        IAM,
        values(
            {
                "global": {
                    "escape": {
                        "login": {"client_secret_env": "OUR_CLIENT"},
                        "keys": {"env": "OUR_KEYS"},
                    }
                },
                "jupyterhub": {"hub": {"extraEnv": form({**needed, **others})}},
            }
        ),
    )
    job = environment(named(found, "Job", "vre-escape-check"))
    assert job.keys() == {"ESCAPE_VRE_CHECK", *needed}
    # The check reports what is missing, so the pod must start without it.
    client = {"name": "other", "key": "client", "optional": True}
    assert job["OUR_CLIENT"]["secretKeyRef"] == client
    hub = environment(named(found, "Deployment", "hub"))
    assert hub.keys() >= {*needed, *others}


def test_the_job_has_the_variables_of_the_default_names(run, values):
    names = ("ESCAPE_VRE_CLIENT_SECRET", "ESCAPE_VRE_HUB_KEYS")
    given = {name: from_secret(name) for name in names}
    found = run.manifests(IAM, values({"jupyterhub": {"hub": {"extraEnv": given}}}))
    job = environment(named(found, "Job", "vre-escape-check"))
    assert job.keys() == {"ESCAPE_VRE_CHECK", *names}


def test_a_job_goes_by_itself(run):
    """Helm removes one that succeeded; this is for one that failed."""
    job = named(run.manifests(IAM), "Job", "vre-escape-check")
    assert job["spec"]["ttlSecondsAfterFinished"] == 86400


# Our pods' policies.

OURS = {"Job": "vre-escape-check", "Pod": "vre-escape-test"}


def labels_of(manifest):
    pod = manifest if manifest["kind"] == "Pod" else manifest["spec"]["template"]
    return pod["metadata"]["labels"]


def selects(selector, labels):
    expressions = selector.get("matchExpressions", ())
    assert all(one["operator"] == "In" for one in expressions)
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(one["key"]) in one["values"] for one in expressions
    )


def pods_of(manifests):
    return [m for m in manifests if m["kind"] in ("Job", "Pod", "Deployment")]


@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize("example", [LAPTOP, IAM], ids=["laptop", "iam"])
def test_each_of_our_pods_has_a_policy_that_selects_it_alone(run, example, kind):
    found = run.manifests(example)
    policy = named(found, "NetworkPolicy", OURS[kind])["spec"]
    selected = [
        m["metadata"]["name"]
        for m in pods_of(found)
        if selects(policy["podSelector"], labels_of(m))
    ]
    assert selected == [OURS[kind]]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    assert policy["ingress"] == []
    ports = [p for rule in policy["egress"] if "to" not in rule for p in rule["ports"]]
    assert {"port": 53, "protocol": "UDP"} in ports
    blocks = [t["ipBlock"] for r in policy["egress"] for t in r.get("to", ()) if "ipBlock" in t]
    assert {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]} in blocks


def test_the_test_pod_may_call_the_proxy_and_not_the_hub(run):
    found = run.manifests(IAM)
    (first, *_) = named(found, "NetworkPolicy", OURS["Pod"])["spec"]["egress"]
    (peer,) = first["to"]
    called = [
        m["metadata"]["name"] for m in pods_of(found) if selects(peer["podSelector"], labels_of(m))
    ]
    assert called == ["proxy"]


def test_the_jobs_policy_is_there_before_the_job(run):
    found = run.manifests(IAM)
    job = named(found, "Job", OURS["Job"])["metadata"]["annotations"]
    policy = named(found, "NetworkPolicy", OURS["Job"])["metadata"]["annotations"]
    assert policy["helm.sh/hook"] == job["helm.sh/hook"]
    assert int(policy["helm.sh/hook-weight"]) < int(job["helm.sh/hook-weight"])


def test_only_a_job_that_asks_kubernetes_may_call_it(run, values):
    named_class = {
        "hub": {"db": {"pvc": {"storageClassName": "fast"}}},
        "singleuser": {"storage": {"dynamic": {"storageClass": "fast"}}},
    }
    for more, may in (({}, True), (named_class, False)):
        found = run.manifests(IAM, values({"jupyterhub": more}))
        rules = named(found, "NetworkPolicy", OURS["Job"])["spec"]["egress"]
        ports = {p.get("port") for rule in rules if "to" not in rule for p in rule["ports"]}
        assert (6443 in ports) == may


def test_a_site_without_policies_has_none_of_ours(run, values):
    off = values({"jupyterhub": {"hub": {"networkPolicy": {"enabled": False}}}})
    names = {m["metadata"]["name"] for m in run.manifests(IAM, off) if m["kind"] == "NetworkPolicy"}
    assert names.isdisjoint(OURS.values())


def test_who_asks_kubernetes_may_only_try_a_volume_claim(run):
    role = named(run.manifests(LAPTOP), "Role", "vre-escape-check")
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["create"]}
    ]


@pytest.mark.parametrize(
    ("more", "claims"),
    [
        (
            {},
            [
                "jupyterhub.hub.db.pvc.storageClassName",
                "jupyterhub.singleuser.storage.dynamic.storageClass",
            ],
        ),
        (
            {"hub": {"db": {"type": "sqlite-memory"}}, "singleuser": {"storage": {"type": "none"}}},
            [],
        ),
        (
            {
                "hub": {"db": {"pvc": {"storageClassName": "fast"}}},
                "singleuser": {"storage": {"dynamic": {"storageClass": "fast"}}},
            },
            [],
        ),
    ],
)
def test_a_default_storage_class_is_asked_for_where_it_is_needed(run, values, more, claims):
    found = run.manifests(LAPTOP, values({"jupyterhub": more}))
    job = environment(named(found, "Job", "vre-escape-check"))
    assert json.loads(job["ESCAPE_VRE_CHECK"])["claims"] == claims
    assert bool(claims) == any(
        m["kind"] == "Role" and "escape" in m["metadata"]["name"] for m in found
    )


def test_helm_test_asks_the_proxy_below_the_hubs_path(run, values):
    found = run.manifests(IAM, values({"jupyterhub": {"hub": {"baseUrl": "/vre/"}}}))
    pod = environment(named(found, "Pod", "vre-escape-test"))
    assert pod["ESCAPE_VRE_URL"] == "http://proxy-public/vre"
    assert json.loads(pod["ESCAPE_VRE_SETTINGS"])["lakes"][0]["name"] == "escape"


# The token of helm test.


def test_the_test_pod_and_the_hub_have_a_token_and_the_pod_no_other(run):
    found = run.manifests(IAM)
    pod = environment(named(found, "Pod", OURS["Pod"]))
    assert pod.keys() == {"ESCAPE_VRE_SETTINGS", "ESCAPE_VRE_URL", TOKEN}
    where = pod[TOKEN]["secretKeyRef"]
    assert where == {"name": "escape-vre-test", "key": "token"}
    hub = environment(named(found, "Deployment", "hub"))
    assert hub[TOKEN]["secretKeyRef"] == {**where, "optional": True}
    assert hub["CONFIGPROXY_AUTH_TOKEN"]["secretKeyRef"]["name"] == "hub"
    spec = named(found, "Pod", OURS["Pod"])["spec"]
    assert "volumes" not in spec
    assert len(token_of(found)) == 64


def token_of(manifests):
    (value,) = named(manifests, "Secret", "escape-vre-test")["data"].values()
    return base64.b64decode(value).decode()


def test_the_token_tells_nothing_of_the_proxys(run, values):
    """It is derived where nothing can be looked up, and random otherwise."""
    tokens = set()
    for secret in ("a" * 64, "b" * 64):
        proxy = values({"jupyterhub": {"proxy": {"secretToken": secret}}})
        found = [token_of(run.manifests(IAM, proxy)) for _ in range(2)]
        assert found[0] == found[1]
        assert secret not in found[0]
        tokens.add(found[0])
    assert len(tokens) == 2
    assert token_of(run.manifests(IAM)) != token_of(run.manifests(IAM))


def test_the_secret_may_be_called_something_else(run, values):
    other = {"valueFrom": {"secretKeyRef": {"name": "other", "key": "t"}}}
    found = run.manifests(IAM, values({"jupyterhub": {"hub": {"extraEnv": {TOKEN: other}}}}))
    assert named(found, "Secret", "other")["data"].keys() == {"t"}
    pod = environment(named(found, "Pod", OURS["Pod"]))
    assert pod[TOKEN]["secretKeyRef"] == {"name": "other", "key": "t"}


@pytest.mark.parametrize("variables", [{TOKEN: None}, [{"name": "A", "value": "b"}]])
def test_without_the_hubs_token_there_is_no_test_and_the_notes_say_so(run, values, variables):
    found = values({"jupyterhub": {"hub": {"extraEnv": variables}}})
    names = {(m["kind"], m["metadata"]["name"]) for m in run.manifests(IAM, found)}
    assert ("Job", OURS["Job"]) in names
    assert not {name for _, name in names} & {"escape-vre-test", OURS["Pod"]}
    notes = run.notes(IAM, found)
    assert "helm test vre" not in notes
    assert f"jupyterhub.hub.extraEnv has no {TOKEN}" in notes


@pytest.mark.parametrize(
    ("base", "more", "words"),
    [
        (LAPTOP, {"proxy": {"service": {"type": "LoadBalancer"}}}, "THIS ONE CAN BE REACHED"),
        (IAM, {"ingress": {"tls": []}}, "vre.example.org has no TLS"),
        (IAM, {"hub": {"existingSecret": None}}, "MISSING: jupyterhub.hub.existingSecret"),
        (
            IAM,
            {"singleuser": {"networkPolicy": {"enabled": False}}},
            "networkPolicy.enabled is false",
        ),
        (IAM, {"singleuser": {"storage": {"type": "none"}}}, "storage.type is none"),
        (IAM, {"hub": {"db": {"type": "sqlite-memory"}}}, "db.type is sqlite-memory"),
    ],
)
def test_the_notes_say_what_is_missing_or_unsafe(run, values, base, more, words):
    assert words not in run.notes(base)
    assert words in run.notes(base, values({"jupyterhub": more}))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"lakes": []}, "global.escape.lakes is empty"),
        ({"login": {"admin_access": True}}, "admin_access gives administrators"),
        ({"login": {"allow_http": True}}, "allow_http sends the client's secret"),
    ],
)
def test_the_notes_say_what_is_unsafe_in_the_settings(run, values, more, words):
    assert words not in run.notes(IAM)
    assert words in run.notes(IAM, values({"global": {"escape": more}}))


# make chart


def package(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "scripts/make_chart.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "Z2JH_CHART"},
    )


def test_a_stand_in_gets_into_no_package(tmp_path, run):
    done = package("--helm", run.program, "--z2jh", STAND_IN, "--into", tmp_path)
    assert done.returncode == 1
    assert "stand-in" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_z2jh_nothing_is_packaged(tmp_path):
    done = package("--into", tmp_path)
    assert done.returncode == 1
    assert "Z2JH_CHART" in done.stderr


def test_what_is_called_z2jh_and_is_another_version_is_not_packaged(tmp_path, run):
    other = tmp_path / "jupyterhub"
    other.mkdir()
    (other / "Chart.yaml").write_text("apiVersion: v2\nname: jupyterhub\nversion: 3.3.8\n")
    done = package("--helm", run.program, "--z2jh", other, "--into", tmp_path / "out")
    assert done.returncode == 1
    assert "3.3.8" in done.stderr


def test_the_real_one_is_packaged(tmp_path, run):
    """Held against a chart that says nothing of being a stand-in."""
    real = tmp_path / "jupyterhub"
    real.mkdir()
    (real / "Chart.yaml").write_text("apiVersion: v2\nname: jupyterhub\nversion: 4.4.0\n")
    out = tmp_path / "out"
    done = package("--helm", run.program, "--z2jh", real, "--into", out)
    assert done.returncode == 0, done.stderr
    (file,) = out.iterdir()
    listed = run("show", "all", file)
    assert "name: escape-vre" in listed
