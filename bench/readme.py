"""``python -m bench.readme``: quote ``bench/results.json`` in the README, between its marks."""

import json
import re
from pathlib import Path
from typing import Any

from bench.table import RESULTS

README = Path(__file__).parents[1] / "README.md"
_MARKS = re.compile(r"(<!-- bench -->\n).*(<!-- /bench -->)", re.DOTALL)


def quoted(results: dict[str, Any]) -> str:
    """Return the table, and the machine and day that it was measured on."""
    machine = results["machine"]
    lines = [
        "| question | ours | peer | ratio | bar | reached | commit |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        peer = "" if row["peer"] is None else f"{_number(row, 'peer')} ({row['peer_name']})"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2g} ×"
        reached = "yes" if row["ok"] else "**no**"
        lines.append(
            f"| {row['name']} | {_number(row, 'ours')} | {peer} | {ratio} | {row['bar']}"
            f" | {reached} | {row['commit'][:7]} |"
        )
    where = ", ".join(f"{key} {value}" for key, value in machine.items())
    return "\n".join(
        [
            *lines,
            "",
            f"Medians; less is better; measured by `make bench` on: {where}.",
            "[bench/README.md](bench/README.md) says what each question asks.",
            "",
        ]
    )


def _number(row: dict[str, Any], side: str) -> str:
    value = row[side]
    return f"{value:,.0f} {row['unit']}" if value >= 100 else f"{value:.3g} {row['unit']}"


def main() -> None:
    """Rewrite the README."""
    text = README.read_text()
    table = quoted(json.loads(RESULTS.read_text()))
    README.write_text(_MARKS.sub(lambda found: found[1] + table + found[2], text))


if __name__ == "__main__":
    main()
