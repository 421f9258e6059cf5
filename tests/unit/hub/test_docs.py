"""What the administrator's page shows is what the code takes."""

import re
from pathlib import Path

import yaml

from escape_vre.hub.names import user_name
from escape_vre.hub.presets import PRESETS
from escape_vre.hub.settings import load

PAGE = Path(__file__).parents[3] / "docs/admin/hub.md"


def test_the_settings_shown_are_taken():
    text = PAGE.read_text()
    blocks = [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    values, mesh = [block["global"]["escape"] for block in blocks if "global" in block]
    assert load(values).tokens.proxy_headers != ("X-Forwarded-Host",)
    both = {**values, "tokens": {**values["tokens"], **mesh["tokens"]}}
    assert load(both).tokens.proxy_headers == ("X-Forwarded-Host",)
    assert load(values).tokens.audiences[1].aud == "reana-prod"
    shown = re.search(r"configure\(\n    c,\n(.*?)\n\)\n", text, re.DOTALL)[1]
    assert load(eval(shown)[0]).method == "refresh"


def test_the_presets_shown_are_those_there_are():
    rows = re.findall(r"^\| `(iam|egi|keycloak)` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == len(PRESETS)
    for name, cells in rows:
        preset = PRESETS[name]
        shown = re.findall(r"`([^`]*)`", cells)
        assert shown == [
            " ".join(preset.scopes),
            preset.username_claim,
            preset.groups_claim,
            preset.method,
        ]


def test_the_name_shown_is_the_one_made():
    claim, name = re.search(r"`([^`]*)` is `(anna-muller-\w+)`", PAGE.read_text()).groups()
    assert user_name(claim) == name
