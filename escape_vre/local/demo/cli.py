"""The command ``escape-vre demo``."""

import argparse
import os
import signal
import sys
import time
import webbrowser
from pathlib import Path

from escape_vre.core.location import state_dir
from escape_vre.display.output import say, tell
from escape_vre.local.demo.check import check
from escape_vre.local.demo.session import Demo, record_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``escape-vre demo`` takes."""
    parser.description = "Open JupyterLab with a real data lake on this machine; Ctrl-C stops both."
    parser.add_argument("--home", type=Path, help="folder for its state")
    parser.add_argument("--port", type=int, default=8888, help="port of JupyterLab (default: 8888)")
    parser.add_argument(
        "--no-browser", action="store_true", help="print the URL without opening a browser"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, for programs"
    )
    parser.add_argument("--check", action="store_true", help="check that it works, then stop")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    # Both: a shell's background jobs are born with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    home = args.home or state_dir().with_name("escape-vre-demo")
    began = time.monotonic()
    if not args.json:
        tell("Starting a data lake and JupyterLab …", flush=True)
    with Demo(home, port=args.port) as demo:
        if args.check:
            tell(check(demo))
            return 0
        if args.json:
            tell(record_of(demo), flush=True)
        else:
            _welcome(demo, time.monotonic() - began)
            if not args.no_browser and _has_screen():
                webbrowser.open(demo.start_url)
        try:
            code = demo.wait()
        except KeyboardInterrupt:
            if not args.json:
                tell("\nStopping JupyterLab and the data lake …", flush=True)
            return 0
    say("JupyterLab has stopped.")
    return code


def _welcome(demo: Demo, seconds: float) -> None:
    tell(f"Ready after {seconds:.1f} s. Open this in your browser:\n\n    {demo.start_url}\n")
    tell(f"Ctrl-C stops it. Your files stay in {demo.place.work}", flush=True)


def _has_screen() -> bool:
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
