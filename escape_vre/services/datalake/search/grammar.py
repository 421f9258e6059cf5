"""What users type to search: ``demo:fermi* instrument=LAT bytes>1MB or created>2026-01-01``.

::

    search     = [ [ scope ":" ] pattern ] condition { [ "and" | "or" ] condition }
    condition  = key operator value
    operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
    key, value = a word, or a text in double quotes

*and* binds closer than *or*, and may be left out. Standard library only; the panel has the same
grammar (``src/datalake/search/grammar.ts``), and both are tested with the same table.
"""

import re
from dataclasses import dataclass

from escape_vre.core.errors import UsageError

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
MOST_CONDITIONS = 32
LONGEST = 4096
EXAMPLE = "instrument=LAT"

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_KEY = re.compile(rf'{_QUOTED}|[^\s=!<>"()]+')
_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|=|<|>)\s*")
_VALUE = re.compile(rf'{_QUOTED}|[^\s"]+')
_WORD = re.compile(r"\S+")
_BLANK = re.compile(r"\s*")
_CONDITION = re.compile(rf"({_QUOTED}|[^\s=!<>\"()]+)\s*(?:==|!=|<=|>=|=|<|>)")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Parameters
    ----------
    quoted : bool
        The value was in quotes: it is a text, whatever it looks like.
    at, end : int
        Where the condition is in the text, in characters from 0.
    value_at : int
        Where its value begins.
    """

    key: str
    operator: str
    value: str
    quoted: bool = False
    at: int = 0
    value_at: int = 0
    end: int = 0


Group = tuple[Condition, ...]
"""Conditions that must all hold."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search, understood as far as its form goes.

    Parameters
    ----------
    scope : str or None
        None where the text names none.
    pattern : str
        Of the names; ``*`` for all.
    groups : tuple of Group
        One of them must hold; none means no condition.
    """

    scope: str | None
    pattern: str
    groups: tuple[Group, ...] = ()


def parse(text: str) -> Search:
    """Read what a user typed.

    Raises
    ------
    UsageError
        The text does not follow the grammar; ``details`` say where (``at`` and ``length``, in
        characters from 0), and the hint what was expected there.
    """
    if len(text) > LONGEST:
        raise wrong(text, LONGEST, 1, "The search is too long", f"at most {LONGEST:,} characters")
    start = begin_of_conditions(text)
    scope, pattern = _target(text[:start].strip())
    return Search(scope, pattern, _groups(text, start))


def begin_of_conditions(text: str) -> int:
    """Return where the conditions of a text begin; its length where it has none.

    Names may hold spaces, so what comes before the first condition is all one name. A first word
    with a colon is a DID, even one like ``demo:year=2026``.
    """
    at = _skip(text, 0)
    word = _WORD.match(text, at)
    if word and word[0][0] != '"' and ":" in re.split("[=!<>]", word[0], maxsplit=1)[0]:
        at = word.end()
    for found in _CONDITION.finditer(text, at):
        begin = found.start()
        while begin > at and text[begin - 1] == "(":
            begin -= 1
        if begin == 0 or text[begin - 1].isspace():
            return begin
    return len(text)


def has_conditions(text: str) -> bool:
    """Tell whether a text is more than a DID or a pattern."""
    return begin_of_conditions(text) < len(text)


def conditions_in(words: str) -> list[int]:
    """Return where the value of each condition begins in words that begin with one; else none."""
    found = list(_CONDITION.finditer(words))
    if not found or found[0].start() != 0:
        return []
    return [one.end() for one in found if one.start() == 0 or words[one.start() - 1].isspace()]


def wrong(text: str, at: int, length: int, message: str, expected: str) -> UsageError:
    """Return the error of a mistake at a place of a text."""
    return UsageError(
        f"{message} (at character {at + 1}).",
        hint=f"Expected {expected}.",
        details={"at": at, "length": max(1, min(length, len(text) - at)), "expected": expected},
    )


def unquoted(word: str) -> str:
    """Return the text that a word stands for."""
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def quoted(word: str, *, always: bool = False) -> str:
    r"""Return a text as a value that stands for it.

    >>> quoted("LAT"), quoted('5" disk')
    ('LAT', '"5\\" disk"')
    """
    if word and not always and not re.search(r'[\s"\\]', word):
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'


def _target(text: str) -> tuple[str | None, str]:
    text = text.removeprefix("rucio:") if text.count(":") >= 2 else text
    scope, colon, name = text.partition(":")
    if not colon:
        return None, text or "*"
    if not scope or any(c in scope for c in "*?"):
        raise UsageError(
            f"{text} does not name a scope.",
            hint="Search in one scope, as in demo:* instrument=LAT.",
            details={"at": 0, "length": max(1, len(scope)), "expected": "a scope"},
        )
    return scope, name or "*"


def _groups(text: str, at: int) -> tuple[Group, ...]:
    groups: list[list[Condition]] = [[]]
    joined = ""
    while (at := _skip(text, at)) < len(text):
        word = _WORD.match(text, at)
        joint = word[0].lower() if word else ""
        if joint in ("and", "or") and not _OPERATOR.match(text, at + len(joint)):
            if joined or not groups[-1]:
                raise wrong(text, at, len(joint), f"There is no condition before {joint}", _one())
            joined, at = joint, at + len(joint)
            if joint == "or":
                groups.append([])
            continue
        condition = _condition(text, at)
        groups[-1].append(condition)
        joined, at = "", condition.end
        if sum(map(len, groups)) > MOST_CONDITIONS:
            raise wrong(
                text,
                condition.at,
                condition.end - condition.at,
                "Too many conditions",
                f"at most {MOST_CONDITIONS} conditions",
            )
    if joined:
        raise wrong(text, len(text), 1, f"There is no condition after {joined}", _one())
    return tuple(tuple(group) for group in groups if group)


def _condition(text: str, at: int) -> Condition:
    key = _KEY.match(text, at)
    if key is None:
        raise _no_key(text, at)
    operator = _OPERATOR.match(text, key.end())
    if operator is None or operator[0].isspace():
        raise wrong(
            text,
            at,
            len(key[0]),
            f"{key[0]} is no condition",
            f"an operator after it, one of {' '.join(OPERATORS)}, as in {EXAMPLE}",
        )
    value = _VALUE.match(text, operator.end())
    if value is None:
        if text[operator.end() : operator.end() + 1] == '"':
            raise wrong(text, operator.end(), len(text), "A quote is not closed", 'a closing "')
        raise wrong(
            text,
            operator.end(),
            1,
            f"{key[0]}{operator[1]} has no value",
            'a value; put one with spaces into quotes, as in target="Crab Nebula"',
        )
    return Condition(
        unquoted(key[0]),
        "=" if operator[1] == "==" else operator[1],
        unquoted(value[0]),
        value[0].startswith('"'),
        at,
        value.start(),
        value.end(),
    )


def _no_key(text: str, at: int) -> UsageError:
    if text[at] in "()":
        return wrong(
            text,
            at,
            1,
            "Parentheses are not supported",
            "conditions joined by and, or; and binds closer than or",
        )
    if text[at] == '"':
        return wrong(text, at, len(text), "A quote is not closed", 'a closing "')
    return wrong(text, at, 1, f"There is no key before {text[at]}", _one())


def _one() -> str:
    return f"a condition, such as {EXAMPLE}"


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
