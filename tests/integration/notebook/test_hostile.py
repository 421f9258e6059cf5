"""No name, metadata or message of a lake controls what shows a notebook's text."""

import pytest

from tests.integration.datalake.test_text import ASKABLE, HOSTILE, catalogue, controls
from tests.integration.notebook.test_kernel import kernel

__all__ = ["catalogue"]

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore:Kernel is running over TCP"
)


def test_a_notebooks_text_is_only_text(catalogue, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    with kernel(tmp_path) as python:
        for code in (
            "%dl ls t",
            "import escape_vre\nprint(escape_vre.ls('t'), repr(escape_vre.ls('t')))",
            f"%dl info 't:{ASKABLE}'",
            "%dl get t:plain",
            "f = %dl get t:plain --to other",
            "print(f)\nf",
            "%dl jobs",
            "%dl whoami",
            "%dl login",
            "%dl ls t --json",
        ):
            status, said = python.text(code)
            assert status == "ok", said
            assert said
            assert not controls(said), code
        assert python.complete("%dl get t:") == ["t:plain"]
        catalogue.refusal = 403, f"No{HOSTILE}"
        for code in ("%dl ls t", "%dl get t:plain --to third", "%dl info t:plain"):
            status, said = python.text(code)
            assert status == "error"
            assert not controls(said), code
