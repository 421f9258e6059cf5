"""Directives that write reference tables from the code, so that no table is copied by hand.

``{traits} module:Class`` lists the settings of a traitlets class, ``{fields} module:Model`` those
of a pydantic model, ``{lab-settings} name`` those of ``schema/<name>.json``, ``{errors}`` the
families of errors, ``{variables}`` the variables that a client sends to the agent, and
``{variables} agent`` those that the agent gets from whoever starts it.
"""

import json
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from docutils import nodes
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from escape_vre.core import errors
from escape_vre.core.caller import allowed_variables
from escape_vre.core.environment import ALLOWED

ROOT = Path(__file__).parents[2]


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


class _Table(SphinxDirective):
    """A table, written as MyST."""

    head: tuple[str, ...]

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Return the cells of each row, as MyST."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        lines = ["::::{list-table}", ":header-rows: 1", ""]
        for row in [self.head, *self.rows()]:
            for n, cell in enumerate(row):
                lines.append(f"{'  -' if n else '* -'} {cell}")
        return self.parse_text_to_nodes("\n".join([*lines, "::::"]))


class Traits(_Table):
    """The settings of a traitlets class, in the order of the class."""

    required_arguments = 1
    head = ("setting", "default", "what it does")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Return a row for each trait that can be configured."""
        kind = _load(self.arguments[0])
        for name, trait in kind.class_own_traits(config=True).items():
            default = json.dumps(trait.default(None))
            yield f"`{kind.__name__}.{name}`", f"`{default}`", trait.help.replace("<", "&lt;")


class Fields(_Table):
    """The fields of a pydantic model, or of one that a function returns."""

    required_arguments = 1
    head = ("field", "type", "default", "what it is")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Return a row for each field."""
        named = _load(self.arguments[0])
        model = named if isinstance(named, type) else named()
        for name, field in model.model_fields.items():
            yield f"`{name}`", _type(field.annotation), _default(field), field.description or ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    # A section's own fields have their defaults in its own table.
    return "" if isinstance(field.default, BaseModel) else f"`{json.dumps(field.default)}`"


def _type(annotation: Any) -> str:
    """Say in words what a value may be."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in parts)
    if origin is Annotated:
        return _type(parts[0])
    if origin is tuple:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return "map"
    if parts:
        return " or ".join(_type(kind) for kind in parts if kind is not type(None))
    named = {str: "text", float: "number", int: "integer", bool: "`true` or `false`"}
    return named.get(annotation) or f"section, as {annotation.__name__} below"


class LabSettings(_Table):
    """The settings of one of our plugins in JupyterLab's own settings editor."""

    required_arguments = 1
    head = ("setting", "default", "what it does")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Return a row for each property of the schema."""
        schema = json.loads((ROOT / "schema" / f"{self.arguments[0]}.json").read_text())
        for name, found in schema["properties"].items():
            yield f"`{name}`", f"`{json.dumps(found['default'])}`", found["description"]


class Errors(_Table):
    """The tree of errors."""

    head = ("code", "class", "HTTP status", "trying again may help", "what it means")

    def rows(self) -> Iterable[tuple[str, ...]]:
        """Return a row for each class."""
        for name in errors.__all__:
            kind = getattr(errors, name)
            again = "yes" if kind.retryable else "no"
            first = (kind.__doc__ or "").strip().splitlines()[0]
            yield f"`{kind.code}`", f"`{name}`", str(kind.status), again, first


class Variables(SphinxDirective):
    """The variables that a client sends along, or those that the agent starts with."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one paragraph."""
        names = sorted({*ALLOWED, "LC_*"}) if self.arguments == ["agent"] else allowed_variables()
        text = ", ".join(f"`{name}`" for name in names)
        return self.parse_text_to_nodes(f"{text}.")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives."""
    app.add_directive("traits", Traits)
    app.add_directive("fields", Fields)
    app.add_directive("lab-settings", LabSettings)
    app.add_directive("errors", Errors)
    app.add_directive("variables", Variables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
