"""What the chart has of the settings: its values schema and the table of its README.

``python -m escape_vre.hub.schema helm/escape-vre`` writes both.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from escape_vre.hub.presets import PRESETS
from escape_vre.hub.settings import HubSettings, settings_model

BEGIN = "<!-- from the code: python -m escape_vre.hub.schema -->"
END = "<!-- to here -->"


def values_schema() -> dict[str, Any]:
    """Return the JSON schema of the chart's values (draft 2020-12, as pydantic writes)."""
    escape = settings_model().model_json_schema()
    escape["properties"]["user"] = escape["properties"].pop("user")  # last, after the services'
    definitions = escape.pop("$defs")
    escape["properties"]["login"] = _login(definitions)
    for section in definitions.values():
        for field in section["properties"].values():
            if "patternProperties" in field:  # pydantic leaves others allowed
                field["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of escape-vre",
        "type": "object",
        "additionalProperties": False,
        "required": ["global"],
        "properties": {
            "global": {
                "description": "Other charts may have settings here too.",
                "type": "object",
                "required": ["escape"],
                "properties": {"escape": escape},
            },
            "jupyterhub": {
                "description": "Values of Zero to JupyterHub, which has a schema of its own.",
                "type": "object",
            },
        },
        "$defs": definitions,
    }


def _login(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a choice by `provider` of which Helm says the one thing that is wrong, not both."""

    def when(names: list[str], kind: str) -> dict[str, Any]:
        named = {"required": ["provider"], "properties": {"provider": {"enum": names}}}
        return {"if": named, "then": {"$ref": f"#/$defs/{kind}"}}

    kinds = [*PRESETS, "shared-password"]
    return {
        "description": HubSettings.model_fields["login"].description,
        "type": "object",
        "required": ["provider"],
        "properties": {"provider": {"enum": kinds}},
        "allOf": [when(list(PRESETS), "Login"), when(["shared-password"], "SharedPassword")],
    }


def table(schema: dict[str, Any]) -> str:
    """Return the settings as a table in Markdown, one a line."""
    escape = schema["properties"]["global"]["properties"]["escape"]
    rows = ["| value | type | default | what it is |", "|---|---|---|---|"]
    rows += [
        f"| `{path}` | {kind} | {default} | {' '.join(text.split())} |"
        for path, kind, default, text in _rows("global.escape", escape, schema["$defs"])
    ]
    return "\n".join(rows)


def _rows(
    path: str, section: dict[str, Any], definitions: dict[str, Any]
) -> Iterator[tuple[str, str, str, str]]:
    required = section.get("required", [])
    for name, field in section["properties"].items():
        here = f"{path}.{name}"
        if name == "login":
            yield here, "section", "required", field["description"]
            login = definitions["Login"]["properties"]
            offered = {
                **login,
                "provider": {**login["provider"], **field["properties"]["provider"]},
            }
            yield from _rows(here, {**definitions["Login"], "properties": offered}, definitions)
            continue
        inner = _section(field, definitions)
        entries = _section(field.get("items", {}), definitions)
        default = "required" if name in required else f"`{json.dumps(field.get('default'))}`"
        if inner is not None:
            yield from _rows(here, inner, definitions)
        elif entries is not None:
            yield here, "list", default, field["description"]
            yield from _rows(f"{here}[]", entries, definitions)
        else:
            yield here, _kind(field), default, field["description"]


def _section(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any] | None:
    if "$ref" not in field:
        return None
    found: dict[str, Any] = definitions[field["$ref"].rpartition("/")[2]]
    return found if "properties" in found else None


def _kind(field: dict[str, Any]) -> str:
    """Say in words what a value may be."""
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return " or ".join(_kind(kind) for kind in field["anyOf"] if kind.get("type") != "null")
    named = {"string": "text", "boolean": "`true` or `false`", "array": "list", "object": "map"}
    kind: str = field.get("type", "text")
    return named.get(kind, kind)


def write(chart: Path) -> None:
    """Write the schema, and the table into the README."""
    schema = values_schema()
    file = chart / "values.schema.json"
    file.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    readme = chart / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table(schema)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
