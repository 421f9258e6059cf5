"""Registers the magics of every installed service."""

from typing import TYPE_CHECKING

from escape_vre.core.registry import load, plugins
from escape_vre.notebook.completion import add_completion

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Register; called by ``%load_ext escape_vre`` and, lazily, by the start-up file."""
    for plugin in plugins().values():
        if plugin.magics:
            shell.register_magics(load(plugin.magics))
    add_completion(shell)
