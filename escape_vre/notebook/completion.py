"""Tab completion of magics: commands, options and their values, and what a service names."""

import re
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from escape_vre.core.errors import EscapeError
from escape_vre.display.commands import magics

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

_LINE = re.compile(r"(?:.*=\s*)?%(?P<magic>\w+)\s+(?P<words>.*)$|(?P<auto>\w+)\s+(?P<more>.*)$")


def add_completion(shell: Any) -> None:
    """Have magics completed, once however often this is called."""
    matchers = shell.Completer.custom_matchers
    if complete not in matchers:
        matchers.append(complete)


@context_matcher()  # type: ignore[untyped-decorator]
def complete(context: "CompletionContext") -> "SimpleMatcherResult":
    """Return what the word under the cursor may become; called by IPython.

    IPython takes a colon for the end of a word, so the fragment that is completed is given here.
    """
    found = _LINE.match(context.text_until_cursor.rpartition("\n")[2])
    command = magics().get(found["magic"] or found["auto"]) if found else None
    if found is None or command is None:
        return {"completions": []}
    # Here, for the start of every kernel imports this module.
    from escape_vre.display.completion import completions
    from escape_vre.notebook.grammar import grammar

    words = re.split(r"\s+", found["words"] or found["more"] or "")
    try:
        matches = completions(grammar(command), words)
    except EscapeError:  # its magic says so; while typing, nothing is better
        matches = []
    return {
        "completions": [SimpleCompletion(text=match, type=match.type) for match in matches],
        "matched_fragment": words[-1],
        "suppress": bool(matches),
    }
