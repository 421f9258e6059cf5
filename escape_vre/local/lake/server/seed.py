"""Fills a new lake over Rucio's own REST API: accounts, sites, sample data."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import json
import re
from pathlib import Path
from typing import Any

from rucio.common.schema import get_schema_value

from .. import accounts
from ..layout import GENERIC, HOST, SITES, Layout, Ports
from ..rest import Rest, path
from ..rses import Rse, rses
from ..upload import store

_SAMPLES = Path(__file__).parent.parent / "samples"

_ALLOWED = {"read": 1, "write": 1, "delete": 1}


def ensure(layout: Layout, ports: Ports) -> None:
    """Fill the lake if it is not complete, and update the ports of its sites."""
    with Rest(
        f"https://{HOST}:{ports['rucio']}",
        account="root",
        password_file=layout.password("root"),
        ca_file=layout.ca,
    ) as rest:
        fresh = not layout.seeded.exists()
        own = rses(layout)
        known = {one["rse"] for one in rest.call("GET", "/rses/")}
        if not known.issuperset(own):
            _rses(rest, own, ports)
            for rse in own:
                accounts.limit(rest, "root", rse, accounts.QUOTA_BYTES)
        for rse, one in own.items():
            one.folder(layout).mkdir(parents=True, exist_ok=True)
            if rse in known:
                _move(rest, rse, _protocol(one, ports))
        if fresh:
            accounts.add(rest, "demo", own, password=layout.password("demo"))
            _samples(rest, layout)
            layout.seeded.touch()


def _rses(rest: Rest, own: dict[str, Rse], ports: Ports) -> None:
    """Make all RSEs with one request; a dozen for each would take longer than all else."""
    described = {
        name: {
            "deterministic": True,
            "volatile": False,
            "rse_type": "DISK",
            **rse.kind,
            "attributes": rse.attributes,
            "protocols": [_protocol(rse, ports)],
        }
        for name, rse in own.items()
    }
    distances = {one: {two: {"distance": 1} for two in own if two != one} for one in own}
    rest.call("POST", "/import/", {"rses": described, "distances": distances})


def _move(rest: Rest, rse: str, protocol: dict[str, Any]) -> None:
    """Set the port of an RSE, which may have changed since the last start."""
    known = rest.call("GET", path("rses", rse))[0]["protocols"]
    if any(one["port"] == protocol["port"] for one in known):
        return
    where = path("rses", rse, "protocols", "https")
    rest.call("DELETE", where)
    rest.call("POST", where, protocol)


def _protocol(rse: Rse, ports: Ports) -> dict[str, Any]:
    return {
        "scheme": "https",
        "hostname": HOST,
        "port": ports["sites"][rse.host],
        "prefix": f"{rse.prefix}/",
        "impl": "rucio.rse.protocols.webdav.Default",
        "domains": {
            "lan": _ALLOWED,
            "wan": {**_ALLOWED, "third_party_copy_read": 1, "third_party_copy_write": 1},
        },
        "extended_attributes": None,
    }


def _samples(rest: Rest, layout: Layout) -> None:
    """Store and register what ``hierarchy.json`` lists, in a few requests a dataset."""
    hierarchy = _hierarchy(layout)
    for scope in hierarchy["scopes"]:
        rest.call("POST", path("accounts", "demo", "scopes", scope))
    labels = hierarchy["metadata"]
    described = []
    at_site: dict[str, list[dict[str, object]]] = {site: [] for site in layout.sites}
    dids: list[dict[str, Any]] = []
    attachments: list[dict[str, Any]] = []
    for dataset in hierarchy["datasets"]:
        did = {"scope": dataset["scope"], "name": dataset["name"]}
        files = []
        for file in dataset["files"]:
            content = (_SAMPLES / file.get("sample", file["name"])).read_bytes()
            for site in file.get("sites", dataset["sites"]):
                known = store(layout, site, dataset["scope"], file["name"], content)
                at_site[site].append(known)
            files.append({"scope": dataset["scope"], "name": file["name"]})
            described.append({**files[-1], "meta": labels})
        dids.append({**did, "type": "DATASET", "account": "demo"})
        attachments += [{**did, "dids": files}] if files else []
        described.append({**did, "meta": {**labels, **dataset["metadata"]}})
    for container in hierarchy["containers"]:
        did = {"scope": container["scope"], "name": container["name"]}
        pairs = [child.split(":", 1) for child in container["contents"]]
        dids.append({**did, "type": "CONTAINER", "account": "demo"})
        attachments.append(
            {**did, "dids": [{"scope": scope, "name": name} for scope, name in pairs]}
        )
        described.append({**did, "meta": {**labels, **container["metadata"]}})
    for site, files in at_site.items():
        rest.add_files(site, files)
    rest.call("POST", path("dids"), dids)
    rest.call("POST", path("dids", "attachments"), {"attachments": attachments})
    rest.call("POST", path("dids", "bulkdidsmeta"), {"dids": described, "recursive": False})
    for dataset in hierarchy["datasets"]:
        # Rucio knows the size of a dataset once it is closed; some stay open, as in the field.
        if not dataset.get("open"):
            where = path("dids", dataset["scope"], dataset["name"], "status")
            rest.call("PUT", where, {"open": False})
    _rules(rest, hierarchy["datasets"])


def _hierarchy(layout: Layout) -> dict[str, Any]:
    """Read what to store where; the lake's sites and its schema decide on names."""
    text = (_SAMPLES / "hierarchy.json").read_text()
    for written, site in zip(SITES[GENERIC], layout.sites, strict=True):
        text = text.replace(json.dumps(written), json.dumps(site))
    hierarchy: dict[str, Any] = json.loads(text)
    allowed = re.compile(get_schema_value("NAME")["pattern"])

    def kept(named: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for one in named if allowed.search(one["name"])]

    # Samples have names with slashes, like CMS's own, which ESCAPE's schema refuses.
    for kind in ("datasets", "containers"):
        hierarchy[kind] = kept(hierarchy[kind])
    for dataset in hierarchy["datasets"]:
        dataset["files"] = kept(dataset["files"])
    names = {
        f"{one['scope']}:{one['name']}"
        for kind in ("datasets", "containers")
        for one in hierarchy[kind]
    }
    for container in hierarchy["containers"]:
        container["contents"] = [name for name in container["contents"] if name in names]
    return hierarchy


def _rules(rest: Rest, datasets: list[dict[str, Any]]) -> None:
    """Protect every dataset with a rule, because Rucio may delete data without one."""
    for dataset in datasets:
        sites = {site for file in dataset["files"] for site in file.get("sites", ())}
        everywhere = sorted({*dataset["sites"], *sites})
        rule = {
            "dids": [{"scope": dataset["scope"], "name": dataset["name"]}],
            "account": "demo",
            "copies": 1 if sites else len(everywhere),
            "rse_expression": "|".join(everywhere),
            "grouping": "NONE",
            "comment": "sample data",
        }
        rest.call("POST", "/rules/", rule)
