"""``escape-vre demo --check``: test the demo without a browser, and report what fails.

It gets one dataset through the running JupyterLab's own route, and again with ``%dl get`` in a
kernel, and compares bytes and checksums with the samples that the lake was seeded with.
"""

import json
import os
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any

from escape_vre.core.errors import EscapeError, IntegrityError
from escape_vre.local import lake
from escape_vre.local.demo.session import Demo

DATASET = "demo:fermi.lightcurves"
SAMPLES = Path(lake.__file__).parent / "samples"
TIMEOUT_S = 60.0


def check(demo: Demo) -> str:
    """Run the check.

    Returns
    -------
    str
        One sentence about what was checked.

    Raises
    ------
    EscapeError
        What failed.
    """
    seed = _seed()
    by_route = _through_jupyter(demo)
    _compare("JupyterLab's route", by_route, seed)
    catalogue = {
        row["name"]: row["adler32"] for row in _rows(demo, f"datalake/contents?ref=rucio:{DATASET}")
    }
    for name, body in seed.items():
        if catalogue.get(name) != f"{zlib.adler32(body):08x}":
            raise IntegrityError(f"The catalogue's checksum of {name} differs from the seed's.")
    by_magic = _through_kernel(demo)
    _compare("%dl get", by_magic, seed)
    total = sum(map(len, seed.values()))
    return (
        f"{DATASET}: {len(seed)} files, {total:,} bytes, equal to the seed by bytes and checksum,"
        " through JupyterLab's route and through %dl get in a kernel."
    )


def _seed() -> dict[str, bytes]:
    """Return the files of the dataset that the lake was seeded with."""
    hierarchy = json.loads((SAMPLES / "hierarchy.json").read_text())
    scope, _, name = DATASET.partition(":")
    dataset = next(
        dataset
        for dataset in hierarchy["datasets"]
        if (dataset["scope"], dataset["name"]) == (scope, name)
    )
    return {file["name"]: (SAMPLES / file["name"]).read_bytes() for file in dataset["files"]}


def _call(demo: Demo, path: str, body: dict[str, Any] | None = None) -> bytes:
    base = str(demo.connection["url"])
    request = urllib.request.Request(  # noqa: S310 — our own JupyterLab, on loopback
        f"{base}escape-vre/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {demo.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 — as above
            return bytes(answer.read())
    except urllib.error.HTTPError as e:
        found = json.loads(e.read() or b"{}").get("error")
        raise EscapeError.from_dict(
            found or {"message": f"{path} answered with status {e.code}."}
        ) from e


def _rows(demo: Demo, path: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in _call(demo, path).splitlines() if line]
    if not rows or "end" not in rows[-1]:
        raise EscapeError(f"The list {path} is not complete: {rows[-1:]}.")
    return rows[:-1]


def _through_jupyter(demo: Demo) -> dict[str, bytes]:
    job = json.loads(_call(demo, "datalake/get", {"refs": [f"rucio:{DATASET}"]}))
    deadline = time.monotonic() + TIMEOUT_S
    while job["state"] in ("queued", "running"):
        if time.monotonic() > deadline:
            raise EscapeError(f"The get through JupyterLab is still {job['state']}.")
        time.sleep(0.1)
        job = json.loads(_call(demo, f"jobs/{job['id']}"))
    if job["state"] != "done":
        raise EscapeError.from_dict(job["error"])
    return _read([row["path"] for row in _rows(demo, f"jobs/{job['id']}/files")])


def _through_kernel(demo: Demo) -> dict[str, bytes]:
    """Run ``%dl get`` in a kernel that JupyterLab's own configuration makes."""
    from jupyter_client.manager import start_new_kernel

    code = (
        f"r = %dl get {DATASET} --to from-kernel\n"
        "import json; print(json.dumps([str(p) for p in r]))"
    )
    environment = {**os.environ, **demo.place.environment()}
    manager, client = start_new_kernel(env=environment, cwd=str(demo.place.work))
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            said.append(content["text"])
        elif message["msg_type"] == "error":
            raise EscapeError(f"%dl get failed: {content['ename']}: {content['evalue']}")

    try:
        client.execute_interactive(code, timeout=TIMEOUT_S, output_hook=hear)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    return _read(json.loads("".join(said).strip().splitlines()[-1]))


def _read(paths: list[str]) -> dict[str, bytes]:
    return {Path(path).name: Path(path).read_bytes() for path in paths}


def _compare(what: str, found: dict[str, bytes], seed: dict[str, bytes]) -> None:
    if found.keys() != seed.keys():
        raise IntegrityError(f"{what} returned {sorted(found)}, but the seed has {sorted(seed)}.")
    for name, body in seed.items():
        if found[name] != body:
            raise IntegrityError(f"{what} returned bytes for {name} that differ from the seed.")
