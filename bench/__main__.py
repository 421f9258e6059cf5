"""``python -m bench [ONLY] [--small]``."""

import argparse
import signal
import sys
import time
from types import FrameType

from bench import machine, table
from bench.fixtures import REASONS, SMALL, Bench, Sizes
from bench.questions import NAMES, question
from escape_vre.local.lake import environment

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Measure escape-vre and its peers; exits with 1 only if a figure could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("only", nargs="?", choices=NAMES, metavar="ONLY", help=", ".join(NAMES))
    parser.add_argument(
        "--small", action="store_true", help="only check that everything works: little data"
    )
    args = parser.parse_args()
    for number in _ENDINGS:
        signal.signal(number, _leave)
    try:
        return _run([args.only] if args.only else list(NAMES), small=args.small, only=args.only)
    except KeyboardInterrupt:
        print("\nStopped; all files and processes were removed.", file=sys.stderr)
        return 130


def _run(names: list[str], *, small: bool, only: str | None) -> int:
    environment.install(print)
    rows: list[table.Row] = []
    failed: list[str] = []
    began = time.monotonic()
    with Bench(SMALL if small else Sizes()) as bench:
        about = machine.describe(bench.scratch, rucio_python=environment.python())
        print(_introduced(about), flush=True)
        for name in names:
            title, measure = question(name)
            print(f"\n{name}: {title}", flush=True)
            started = time.monotonic()
            try:
                for row in measure(bench):
                    rows.append(row)
                    print(f"  {table.explained(row)}", flush=True)
            except REASONS as e:
                failed.append(name)
                print(f"  could not be measured: {e}", flush=True)
            print(f"  ({time.monotonic() - started:.0f} s)", flush=True)
        print("\nCleaning up.", flush=True)
    print(f"\n{table.shown(rows)}\n")
    for row in rows:
        if not row.ok:
            print(f"MISSED: {row.name}, {row.ours:g} {row.unit}; bar: {row.bar}.")
    for name in failed:
        print(f"NOT MEASURED: {name}.")
    if not small and (only is None or not failed):
        table.write(about, rows, only=only)
        print(f"Written to {table.RESULTS}, after {time.monotonic() - began:.0f} s.")
    return 1 if failed else 0


def _introduced(about: dict[str, object]) -> str:
    quiet = "" if not machine.is_busy(about) else " BUSY: figures will be wrong."
    return (
        f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, {about['os']},"
        f" Python {about['python']}, {about['file_system']};"
        f" load before {about['load_before']}.{quiet}\n"
        f"Rucio's cache: {about['rucio_cache']}."
    )


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Stop once: a second Ctrl-C must not interrupt the clean-up."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
