r"""RSE expressions: ``tape=false&(country=ES|country=FR)\LAPALMA``; standard library only.

Rucio 41 (``rse_expression_parser``) reads terms and the operators ``|`` (or), ``&`` (and) and
``\`` (but not), all of the same rank, from left to right. Its errors name no place. A term is the
name of an RSE, an attribute that is true, ``attribute=value``, ``<`` or ``>`` with a number, or
``*`` for all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from escape_vre.core.errors import UsageError

_NAME = r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*"
_TERM = re.compile(
    rf"(?P<key>[A-Za-z0-9._-]+)(?P<operator>[=<>])(?P<value>[A-Za-z0-9_-]+)|(?P<name>{_NAME})|\*"
)
_WORD = re.compile(r"[^\s()|&\\]+")
_OPERATORS = "|&\\"
_HINT = "Combine terms such as site=NORTH or tape with & (and), | (or), \\ (but not) and ()."


@dataclass(frozen=True, slots=True)
class Term:
    """One term and its place.

    Parameters
    ----------
    key : str
        An attribute, the name of an RSE, or ``*``.
    operator : str
        ``=``, ``<``, ``>``, or empty for a key alone.
    start, end : int
        Its place in the text as it was typed.
    """

    text: str
    key: str
    operator: str
    value: str
    start: int
    end: int


def normal(expression: str) -> str:
    """Return an expression as Rucio takes it, which allows no spaces."""
    return "".join(expression.split())


def read(expression: str) -> list[Term]:
    """Return the terms of an expression that is well formed.

    Raises
    ------
    UsageError
        It is not; ``details`` have its place: ``at`` and ``length``.
    """
    terms: list[Term] = []
    open_at: list[int] = []
    wants_term = True
    last = len(expression)
    for at, word in _words(expression):
        if wants_term and word == "(":
            open_at.append(at)
        elif wants_term and word not in f"){_OPERATORS}":
            terms.append(_term(word, at))
            wants_term = False
        elif not wants_term and word == ")":
            if not open_at:
                raise _misplaced("There is no opening parenthesis for this ')'", at, 1)
            open_at.pop()
        elif not wants_term and word in _OPERATORS:
            wants_term, last = True, at
        elif wants_term:
            raise _misplaced(f"A term is missing before '{word}'", at, len(word))
        else:
            raise _misplaced(f"An operator is missing before '{word}'", at, len(word))
    if wants_term:
        what = "The expression ends where a term should follow" if terms else "A term is missing"
        raise _misplaced(what, min(last, max(0, len(expression) - 1)), 1)
    if open_at:
        raise _misplaced("This '(' has no closing parenthesis", open_at[-1], 1)
    return terms


def word_at(expression: str, cursor: int) -> tuple[int, str]:
    """Return where the word before a place begins, and what of it is typed already."""
    cursor = max(0, min(cursor, len(expression)))
    start = cursor
    while start and not re.match(r"[\s()|&\\]", expression[start - 1]):
        start -= 1
    return start, expression[start:cursor]


def unknown(message: str, term: Term, *, hint: str, near: str | None) -> UsageError:
    """Return the error for a term that stands for nothing here, with its place."""
    details = {"at": term.start, "length": term.end - term.start}
    return UsageError(
        f"{message} (character {term.start + 1}).",
        hint=hint,
        details={**details, **({"near": near} if near else {})},
    )


def _words(expression: str) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(expression):
        if expression[at].isspace():
            at += 1
            continue
        found = _WORD.match(expression, at)
        token = found[0] if found else expression[at]
        yield at, token
        at += len(token)


def _term(token: str, at: int) -> Term:
    found = _TERM.fullmatch(token)
    if found is None:
        whole = _TERM.match(token)
        wrong = at + (whole.end() if whole else 0)
        raise _misplaced(f"'{token}' is not a term", wrong, at + len(token) - wrong)
    key = found["key"] or found["name"] or "*"
    return Term(token, key, found["operator"] or "", found["value"] or "", at, at + len(token))


def _misplaced(message: str, at: int, length: int) -> UsageError:
    return UsageError(
        f"{message} (character {at + 1} of the RSE expression).",
        hint=_HINT,
        details={"at": at, "length": length},
    )
