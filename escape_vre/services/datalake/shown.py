"""How DIDs are shown in notebooks and terminals; standard library only."""

from collections.abc import Mapping, Sequence
from typing import Any

from escape_vre.core import text
from escape_vre.display.tables import Info, Table


def did_table(rows: Sequence[dict[str, Any]], *, note: str) -> Table:
    """Show DIDs: type, name, size, files, state."""
    return Table(
        rows,
        ("type", "name", "size", "files", "state"),
        [
            (
                row["type"],
                row["ref"].removeprefix("rucio:"),
                text.size(row.get("bytes")),
                "" if row["type"] == "file" or row.get("length") is None else f"{row['length']:,}",
                state(row),
            )
            for row in rows
        ],
        note,
        frozenset({2, 3}),
    )


def state(row: dict[str, Any]) -> str:
    """Say in words where a DID is; a dash where that is not known."""
    if row.get("problem"):
        return f"failed: {row['problem']}"
    if row.get("job_state") in ("queued", "running"):
        fraction = row.get("fraction")
        return "on its way" if fraction is None else f"on its way {text.percent(fraction)}"
    if row.get("local") == "here":
        return "here (mounted)" if row.get("mounted") else "here"
    if row.get("local") == "partly":
        count, length = row.get("local_files"), row.get("length")
        return f"partly here ({count} of {length})" if length else f"partly here ({count} files)"
    if "local" not in row:
        return "–"
    sites = row.get("sites") or []
    obstacle = row.get("obstacle")
    word = OBSTACLES[obstacle["kind"]] if obstacle else "elsewhere"
    return f"{word} ({', '.join(sites)})" if sites else word


OBSTACLES = {
    "tape": "on tape",
    "archive": "in an archive",
    "protocol": "no https",
    "address": "no address",
}
"""Why a file cannot be fetched as usual, in a word; the panel has the same."""


def did_info(found: Mapping[str, Any], *, note: str) -> Info:
    """Show everything about a DID, its sites and metadata."""
    lines = [
        ("DID", f"{found['scope']}:{found['name']}"),
        ("type", str(found["type"])),
        ("size", text.size(found["bytes"])),
    ]
    if found["type"] != "file" and found["length"] is not None:
        lines.append(("files", f"{found['length']:,}"))
    entries = ("account", "created", "adler32", "md5")
    lines += [(key, str(found[key])) for key in entries if found.get(key)]
    for site in found["sites"]:
        shown = site["state"]
        if found["type"] != "file":
            shown = f"{site['available']:,} of {site['length']:,} files"
        lines.append((f"at {site['rse']}", shown))
    if obstacle := found.get("obstacle"):
        said = f"{OBSTACLES[obstacle['kind']]}: {obstacle['message']} {obstacle['hint']}"
        lines.append(("access", said))
    lines += [(key, str(value)) for key, value in found["metadata"].items()]
    return Info(found, lines, note=note)
