"""A second package beside ours, with one service that works and others that do not."""

import os
import subprocess
import sys

import pytest

from escape_vre.testing.wheels import install

PLUGIN = """
from escape_vre.core.plugin import Plugin

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
    names = ("toy", "torn", "twin", "twain")
    services = {"lost": "lost:plugin", **{name: f"{name}_plugin:plugin" for name in names}}
    files = {
        "toy_plugin.py": PLUGIN.format(name="toy", title="Toys", word="play"),
        "toy_commands.py": COMMANDS,
        "torn_plugin.py": PLUGIN.format(name="torn", title="Torn", word="tear"),
        "torn_commands.py": "import a_module_that_is_not_there",
        "twin_plugin.py": PLUGIN.format(name="twin", title="Twin", word="share"),
        "twain_plugin.py": PLUGIN.format(name="twain", title="Twain", word="share"),
        "lost.py": "import another_module_that_is_not_there",
    }
    install(site, "toys", services, files)

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
