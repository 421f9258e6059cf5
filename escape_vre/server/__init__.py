"""The Jupyter server extension: a door to the agent, and nothing that could hold up a notebook."""

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from escape_vre.server.extension import EscapeExtension

    return [{"module": "escape_vre.server", "app": EscapeExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../labextension", "dest": "escape-vre"}]
