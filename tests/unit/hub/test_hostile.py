"""Text of the provider and of Kubernetes never controls a terminal or adds a line to a log."""

import ast
import json
import logging
from pathlib import Path

import pytest

import escape_vre.hub
from escape_vre.core.errors import ConfigurationError
from escape_vre.hub import check, trial
from escape_vre.hub.answers import RefusedError
from tests.unit.hub.test_check import kubernetes  # noqa: F401 (a fixture)

EVIL = "quota\x1b]52;c;bWFsd2FyZQ==\x07\x9b2J\u202e\r\n[C] hub stopped"
WRITTEN = r"quota\x1b]52;c;bWFsd2FyZQ==\x07\x9b2J\u202e [C] hub stopped"


def test_the_check_of_the_chart(kubernetes, capsys):  # noqa: F811
    kubernetes[0][:] = [403, {"message": EVIL}]
    check.check_storage("jupyterhub.x")
    assert capsys.readouterr().err == f"escape-vre: Kubernetes refused a volume claim: {WRITTEN}\n"


def test_the_check_of_the_chart_where_it_fails(given, idp, monkeypatch):
    idp.document = {"issuer": EVIL}
    asked = {"settings": given, "secret": None, "hub": {}, "claims": []}
    monkeypatch.setenv("ESCAPE_VRE_CHECK", json.dumps(asked))
    with pytest.raises(SystemExit) as caught:
        check.main()
    assert f"calls itself {WRITTEN}" in str(caught.value)


def test_helm_test(capsys):
    trial._say(f"Rucio {EVIL} answers.")
    assert capsys.readouterr().out == f"Rucio {WRITTEN} answers.\n"


@pytest.mark.asyncio
async def test_a_refusal_in_the_log_of_the_hub(hub, monkeypatch, caplog):
    user = await hub.sign_in("alice")

    async def refuse(*_):
        raise RefusedError("The identity provider refuses.", details={"reason": EVIL})

    monkeypatch.setattr(hub.provider, "exchange", refuse)
    with caplog.at_level(logging.ERROR), pytest.raises(ConfigurationError) as caught:
        await hub.sessions.token(user, "rucio")
    assert caplog.messages == [f"No token for rucio: {WRITTEN}"]
    assert WRITTEN in caught.value.message


def test_a_server_that_does_not_start():
    spawner = pytest.importorskip("escape_vre.hub.spawner")
    error = spawner.NotStarted(spawner.refused(403, EVIL))
    assert str(error).endswith(f"Kubernetes says: {WRITTEN})")


def _writes(tree):
    """Yield the arguments of each call that writes to a terminal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            where = ast.unparse(node.func)
            if where.startswith(("sys.stdout.write", "sys.stderr.write")):
                yield from node.args


def test_nothing_else_writes_to_a_terminal():
    for file in Path(escape_vre.hub.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text())
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "print"]
        for text in _writes(tree):
            assert isinstance(text, ast.Constant) or "{sentence(" in ast.unparse(text), file
