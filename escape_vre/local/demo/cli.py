"""The command ``escape-vre demo``."""

import argparse
import os
import signal
import sys
import time
import webbrowser
from pathlib import Path
from typing import Any

from escape_vre.core.location import state_dir
from escape_vre.local.demo.check import check
from escape_vre.local.demo.session import Demo, record_of


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add ``demo`` to ``escape-vre``."""
    text = "Open JupyterLab with a real data lake on this machine; Ctrl-C stops both."
    parser = subparsers.add_parser(
        "demo", help="JupyterLab with a real data lake on this machine", description=text
    )
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
        print("Starting a data lake and JupyterLab …", flush=True)
    with Demo(home, port=args.port) as demo:
        if args.check:
            print(check(demo))
            return 0
        if args.json:
            print(record_of(demo), flush=True)
        else:
            _welcome(demo, time.monotonic() - began)
            if not args.no_browser and _has_screen():
                webbrowser.open(demo.start_url)
        try:
            code = demo.wait()
        except KeyboardInterrupt:
            if not args.json:
                print("\nStopping JupyterLab and the data lake …", flush=True)
            return 0
    print("JupyterLab has ended.", file=sys.stderr)
    return code


def _welcome(demo: Demo, seconds: float) -> None:
    print(f"Ready after {seconds:.1f} s. Open this in your browser:\n\n    {demo.start_url}\n")
    print("Ctrl-C stops it. Your files stay in", demo.place.work, flush=True)


def _has_screen() -> bool:
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
