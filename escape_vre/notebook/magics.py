"""The magics, such as ``%escape``: the same commands as in a shell.

Nothing of a service is imported until its magic is used, for every kernel starts with this module.
"""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from escape_vre.display.commands import Command, magics
from escape_vre.display.output import tell, tell_json
from escape_vre.notebook.completion import add_completion
from escape_vre.notebook.grammar import Shown, grammar

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Register the magics; called by ``%load_ext escape_vre`` and by the start-up file."""
    for word, command in magics().items():
        shell.magics_manager.register_function(_magic(command), "line", word)
    add_completion(shell)


def _magic(command: Command) -> Callable[[str], Any]:
    def magic(line: str) -> Any:
        try:
            args = grammar(command).parse_args(_words(line))
        except Shown:
            return None
        shown = args.run(args)
        if getattr(args, "json", False):
            tell_json(shown)
            return None
        if isinstance(shown, str):
            tell(shown)  # a sentence is not a value
            return None
        return shown

    magic.__doc__ = f"Run a command: {command.summary}. See %{command.word} --help."
    return magic


def _words(line: str) -> list[str]:
    """Split as a shell does, but leave what cannot be split whole, such as a lone quote."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
