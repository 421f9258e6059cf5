"""One reason why a server does not start, and the words that several reasons share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

ASK = "Tell the administrators of this hub."
RETRY_OR_ASK = "Try again in a few minutes. If it continues, tell the administrators of this hub."

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Trouble:
    """Why a server does not start.

    Parameters
    ----------
    what : str
        What happened: one sentence.
    hint : str
        What the user can do once the start has failed.
    said : str
        Kubernetes' own words.
    waiting : str
        What Kubernetes waits for; empty if waiting hardly helps.
    final : bool
        Whether waiting cannot help at all.
    """

    what: str
    hint: str
    said: str
    waiting: str = ""
    final: bool = False

    @property
    def text(self) -> str:
        """What the user reads once the start has failed."""
        return f"{self.what} {self.hint}"

    @property
    def html(self) -> str:
        """The same with Kubernetes' words below; of inline elements, for it stands in a ``<p>``."""
        # The page above it still says that the server is starting.
        return f"Your server did not start.<br>{self._html(self.hint, self.said)}"

    def over(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event of JupyterHub's progress, with its explanation first."""
        raw = str(event["message"])
        meanwhile = f"{self.what} {self.waiting}".rstrip()
        html = self._html(self.waiting, raw)
        return {**event, "message": f"{meanwhile}\n{raw}", "html_message": html}

    def alone(self) -> dict[str, Any]:
        """Return an event of JupyterHub's progress, where Kubernetes sent none."""
        return self.over({"message": self.said})

    def _html(self, then: str, said: str) -> str:
        parts = [f"<strong>{escape(self.what)}</strong>", escape(then)]
        if said:
            parts.append(f'<small class="text-muted text-break">{escape(said)}</small>')
        return "<br>".join(filter(None, parts))


def other(choice: bool) -> str:
    """Say what to do about an environment that cannot run."""
    return "Choose another environment, or tell the administrators of this hub." if choice else ASK


def smaller(first: str, choice: bool) -> str:
    """Say what to do about one that asks for too much."""
    smaller = ", choose a smaller environment," if choice else ""
    return f"{first}{smaller} or ask the administrators of this hub."


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
