"""A second package beside ours, with one service that works and one that does not."""

import os
import subprocess
import sys

import pytest

PLUGIN = """
from escape_vre.core.service import Plugin

plugin = Plugin(
    name="{name}",
    title="{title}",
    schemes=("{name}",),
    capabilities=(),
    icon="",
    service="{name}_service:create",
    routes="{name}_routes:make_router",
    command="{word}",
    commands="{name}_commands:add_commands",
    summary="things to {word} with",
)
"""
COMMANDS = """
from escape_vre.core.errors import NotFoundError
from escape_vre.display.completion import Word, completed_by
from escape_vre.display.parsing import subcommands


def add_commands(parser):
    parser.description = "Toys."
    commands = subcommands(parser)
    show = commands.add_parser("show", help="Show a toy.")
    completed_by(show.add_argument("toy"), lambda typed: [Word("bear", "toy")])
    show.set_defaults(run=run)


def run(args):
    if args.toy != "bear":
        raise NotFoundError(f"There is no {args.toy}.", hint="Run %play show bear.")
    return f"Here is a {args.toy}."
"""


@pytest.fixture
def beside(tmp_path):
    """Install the package for processes that this returns a function to run."""
    site = tmp_path / "site"
    info = site / "toys-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[escape_vre.services]\ntoy = toy_plugin:plugin\ntorn = torn_plugin:plugin\n"
    )
    (site / "toy_plugin.py").write_text(PLUGIN.format(name="toy", title="Toys", word="play"))
    (site / "toy_commands.py").write_text(COMMANDS)
    (site / "torn_plugin.py").write_text(PLUGIN.format(name="torn", title="Torn", word="tear"))
    (site / "torn_commands.py").write_text("import a_module_that_is_not_there\n")

    def run(*words, **more):
        return subprocess.run(
            [sys.executable, *words],
            env={**os.environ, "PYTHONPATH": str(site), "IPYTHONDIR": str(tmp_path), **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
