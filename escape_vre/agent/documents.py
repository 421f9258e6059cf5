"""One OpenAPI document of the agent: its own routes and models, and those of every service.

Two services may each have a model ``Instance``: in the document a service's models carry its name,
as ``LakeInstance``. What they share with the agent, such as ``Job``, does not. ``x-services``
has the prefix of each service.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any, Protocol

from escape_vre.core.errors import EscapeError

Document = dict[str, Any]
_MODELS = "#/components/schemas/"


class Described(Protocol):
    """An application that can describe itself."""

    def openapi(self) -> Document:
        """Return its OpenAPI document."""
        ...


class Mounted(Protocol):
    """What answers below a service's name."""

    def application(self) -> Described:
        """Return its application; raises EscapeError where the service cannot be used."""
        ...


def whole(own: Callable[[], Document], services: Mapping[str, Mounted]) -> Document:
    """Return the document of the agent with all services that can be used.

    Parameters
    ----------
    own : callable
        Returns the document of the agent's own routes.
    services : mapping
        By name; each is mounted below ``/<name>``.
    """
    document = deepcopy(own())
    shared = deepcopy(document["components"]["schemas"])
    document["x-services"] = {name: _prefix(name) for name in services}
    for name, mounted in services.items():
        with suppress(EscapeError):
            added = _named(name, mounted.application().openapi(), shared)
            document["paths"] |= added["paths"]
            document["components"]["schemas"] |= added["components"]["schemas"]
    return document


def _named(name: str, document: Document, shared: Document) -> Document:
    """Return a service's document with its name before its paths, operations and own models."""
    models = document.get("components", {}).get("schemas", {})
    own = {old: _prefix(name) + old for old, model in models.items() if shared.get(old) != model}
    renamed = {own.get(old, old): _retitled(model, old, own) for old, model in models.items()}
    paths = {f"/{name}{path}": verbs for path, verbs in document["paths"].items()}
    found: Document = _referring({"paths": paths, "components": {"schemas": renamed}}, own)
    for verbs in found["paths"].values():
        for operation in verbs.values():
            operation["operationId"] = f"{name}_{operation['operationId']}"
    return found


def _prefix(name: str) -> str:
    return name.capitalize()


def _retitled(model: Document, old: str, own: Mapping[str, str]) -> Document:
    return {**model, "title": own[old]} if old in own and model.get("title") == old else model


def _referring(node: Any, own: Mapping[str, str]) -> Any:
    """Return a part of a document whose references follow the models' new names."""
    if isinstance(node, list):
        return [_referring(one, own) for one in node]
    if not isinstance(node, dict):
        return node
    found = {key: _referring(value, own) for key, value in node.items()}
    reference = found.get("$ref")
    if isinstance(reference, str) and reference.startswith(_MODELS):
        old = reference.removeprefix(_MODELS)
        found["$ref"] = _MODELS + own.get(old, old)
    return found
