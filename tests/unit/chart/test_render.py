"""What the chart renders to, for every example: by Helm, held against Kubernetes' schemas."""

import base64
import json

import kubernetes_validate
import pytest
import yaml

from tests.cluster.chart import CHART, EXAMPLES, z2jh_schema
from tests.unit.chart.conftest import KUBERNETES, named

SITES = sorted(file for file in EXAMPLES.glob("*.yaml") if file.name != "gitops.yaml")
GITOPS = EXAMPLES / "gitops.yaml"
CUSTOM = {"HTTPRoute"}
"""Kinds that are no part of Kubernetes itself, and have no schema there."""

pytestmark = pytest.mark.parametrize("example", SITES, ids=lambda file: file.stem)
LAPTOP = EXAMPLES / "laptop.yaml"


def test_helm_finds_nothing_to_complain_of(run, example):
    assert "0 chart(s) failed" in run("lint", "--strict", run.chart, "-f", example)


def test_kubernetes_would_take_every_manifest(run, example):
    found = run.manifests(example)
    assert {m["kind"] for m in found} >= {"Deployment", "Secret", "Job", "Pod", "Service"}
    for manifest in found:
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_pods_of_ours_run_where_pod_security_is_restricted(run, example):
    pods = [
        m["spec"]["template"]["spec"] if m["kind"] == "Job" else m["spec"]
        for m in run.manifests(example)
        if m["kind"] in ("Job", "Pod") and "escape" in m["metadata"]["name"]
    ]
    assert len(pods) == 2
    for pod in pods:
        (container,) = pod["containers"]
        context = container["securityContext"]
        assert context["runAsNonRoot"]
        assert context["readOnlyRootFilesystem"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_rendered_twice_it_is_the_same(run, example):
    assert run.render(example, GITOPS) == run.render(example, GITOPS)


def test_z2jh_takes_the_values(run, example):
    schema = z2jh_schema()
    if schema is None:
        pytest.skip("z2jh's schema is neither in Z2JH_CHART nor in ../shared/data")
    jsonschema = pytest.importorskip("jsonschema")
    for given in (CHART / "values.yaml", example, GITOPS):
        values = yaml.safe_load(given.read_text()).get("jupyterhub", {})
        jsonschema.validate(values, without_required(schema))


def without_required(schema):
    """A values file is laid over z2jh's own, which have everything that is required."""
    if isinstance(schema, dict):
        return {
            key: without_required(value)
            for key, value in schema.items()
            if key != "required" or not isinstance(value, list)
        }
    return [without_required(entry) for entry in schema] if isinstance(schema, list) else schema


def test_the_hub_sees_the_settings_as_they_were_written(run, example):
    given = yaml.safe_load(example.read_text())["global"]["escape"]
    secret = named(run.manifests(example), "Secret", "hub")
    seen = yaml.safe_load(base64.b64decode(secret["data"]["values.yaml"]))
    assert seen["global"]["escape"] == given


def test_each_setting_is_there_once(run, example):
    """No ConfigMap and no second Secret has a copy that could differ."""
    login = yaml.safe_load(example.read_text())["global"]["escape"]["login"]
    mark = login.get("issuer", "shared-password")
    copies = {
        (m["kind"], m["metadata"]["name"]) for m in run.manifests(example) if mark in readable(m)
    }
    # Job and Pod live for a minute, and are made of the values anew each time.
    assert copies == {("Secret", "hub"), ("Job", "vre-escape-check"), ("Pod", "vre-escape-test")}


def readable(manifest):
    """Return a manifest as text, with what is in a Secret."""
    data = manifest.get("data", {}).values() if manifest["kind"] == "Secret" else ()
    return json.dumps(manifest) + "".join(base64.b64decode(v).decode() for v in data)


def test_the_notes_say_the_address(run, example):
    notes = run.notes(example)
    said = "port-forward service/proxy-public" if example == LAPTOP else "https://vre.example.org/"
    assert said in notes
    assert ("WARNING" in notes) == (example == LAPTOP)
    assert "helm test vre --namespace science" in notes
    assert "\n\n\n" not in notes
