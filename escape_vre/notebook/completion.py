"""Tab completion of ``%dl``: commands, options and their values, scopes and DIDs."""

import re
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

_LINE = re.compile(r"(?:.*=\s*)?%dl(?:\s+(?P<words>.*))?$|dl\s+(?P<auto>.*)$")


def add_completion(shell: Any) -> None:
    """Have ``%dl …`` completed, once however often this is called."""
    matchers = shell.Completer.custom_matchers
    if complete not in matchers:
        matchers.append(complete)


@context_matcher()  # type: ignore[untyped-decorator]
def complete(context: "CompletionContext") -> "SimpleMatcherResult":
    """Return what the word under the cursor may become; called by IPython.

    IPython takes a colon for the end of a word, so the fragment that is completed is given here.
    """
    found = _LINE.match(context.text_until_cursor.rpartition("\n")[2])
    if found is None:
        return {"completions": []}
    # Here, for the start of every kernel imports this module.
    from escape_vre.display.parsing import completions
    from escape_vre.services.datalake.magics import grammar

    words = re.split(r"\s+", found["words"] or found["auto"] or "")
    matches = completions(grammar(), words)
    return {
        "completions": [SimpleCompletion(text=match, type=match.type) for match in matches],
        "matched_fragment": words[-1],
        "suppress": bool(matches),
    }
