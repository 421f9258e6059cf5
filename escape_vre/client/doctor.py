"""``escape-vre doctor``: what is configured, what works, and what to do about what does not."""

import argparse
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from escape_vre.client.agent import AgentClient
from escape_vre.core.errors import EscapeError
from escape_vre.core.text import json_line, printable, sentence
from escape_vre.display.output import in_shell_words, tell
from escape_vre.display.parsing import at_least_one
from escape_vre.display.tables import Table

DEADLINE_S = 15.0

SHAPES = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "–"}
"""A shape for each state, beside its word."""

_WIDTH = max(map(len, SHAPES))


def doctor(*, write: bool = False, deadline_s: float = DEADLINE_S) -> Table:
    """Check what is configured and whether it works; each row is one check.

    Parameters
    ----------
    write : bool
        Also write something small to each storage, and remove it.
    deadline_s : float
        How long each check may take, seconds.

    Returns
    -------
    Table
        Rows of ``subject``, ``name``, ``state`` (``ok``, ``warning``, ``failed``, ``skipped``),
        ``message``, ``hint`` and ``took_ms``.
    """
    rows = list(_checks(write=write, deadline_s=deadline_s))
    columns = ("state", "what", "found", "what to do")
    cells = [
        (
            f"{SHAPES.get(row['state'], '?')} {row['state']}",
            f"{row['subject']}: {row['name']}",
            row["message"],
            row["hint"],
        )
        for row in rows
    ]
    return Table(rows, columns, cells, _summary(rows))


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Add what ``escape-vre doctor`` takes."""
    _add_arguments(parser)
    parser.set_defaults(run=_in_shell)


def add_doctor_magic(parser: argparse.ArgumentParser) -> None:
    """Add what ``%escape doctor`` takes."""
    _add_arguments(parser)
    parser.set_defaults(run=lambda args: doctor(write=args.write, deadline_s=args.deadline))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Check what is configured, whether it can be reached and how fast, the sign-ins, the"
        " clocks, the storages, and the agent. Exit code 1 if something has failed."
    )
    parser.add_argument(
        "--write", action="store_true", help="write a small file to each storage, and remove it"
    )
    parser.add_argument(
        "--deadline",
        type=at_least_one,
        default=int(DEADLINE_S),
        metavar="S",
        help=f"how long each check may take, seconds (default: {DEADLINE_S:.0f})",
    )
    parser.add_argument("--json", action="store_true", help="print checks as JSON lines")


def _in_shell(args: argparse.Namespace) -> int:
    """Print each check as it is done; returns the exit code."""
    rows = []
    for row in _checks(write=args.write, deadline_s=args.deadline):
        rows.append(row)
        for line in [json_line(row)] if args.json else _lines(row):
            tell(line, flush=True)
    if not args.json:
        tell(_summary(rows))
    return int(any(row["state"] == "failed" for row in rows))


def _checks(*, write: bool, deadline_s: float) -> Iterator[dict[str, Any]]:
    """Yield the checks; what keeps the agent from answering is one, too."""
    try:
        asked = {"write": "true" if write else "false", "deadline_s": deadline_s}
        for row in AgentClient().stream("/doctor", **asked):
            if "end" not in row:
                yield row
    except EscapeError as e:
        yield {
            "subject": "Agent",
            "name": "answer",
            "state": "failed",
            "message": e.message,
            "hint": e.hint,
            "took_ms": None,
        }


def _lines(row: Mapping[str, Any]) -> Iterable[str]:
    state = row["state"]
    what = printable(f"{row['subject']}: {row['name']}")
    said = sentence(in_shell_words(row["message"]))
    yield f"{SHAPES.get(state, '?')} {state.ljust(_WIDTH)} {what}. {said}"
    if row["hint"] and state != "ok":
        yield f"{' ' * (_WIDTH + 3)}→ {sentence(in_shell_words(row['hint']))}"


def _summary(rows: Iterable[Mapping[str, Any]]) -> str:
    count = dict.fromkeys(SHAPES, 0)
    for row in rows:
        count[row["state"]] = count.get(row["state"], 0) + 1
    if count["failed"]:
        return f"{count['failed']} failed, {count['warning']} with a warning, {count['ok']} ok."
    if count["warning"]:
        return f"Nothing has failed; {count['warning']} with a warning, {count['ok']} ok."
    return f"Everything works: {count['ok']} checks."
