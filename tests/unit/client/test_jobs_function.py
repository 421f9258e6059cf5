"""``escape_vre.jobs`` is the user's function, though a package of the agent has its name."""

import importlib

import pytest

import escape_vre


@pytest.fixture
def asked(monkeypatch):
    """What is asked of the agent, which has no jobs."""
    found = []

    class Agent:
        def get(self, path, **query):
            found.append(path)
            return {"jobs": []}

    monkeypatch.setattr("escape_vre.client.jobs.AgentClient", Agent)
    return found


def test_where_the_package_is_not_imported(asked, monkeypatch):
    monkeypatch.delitem(vars(escape_vre), "jobs", raising=False)
    assert len(escape_vre.jobs()) == 0
    assert asked == ["/jobs"]


def test_where_the_package_is_imported(asked, monkeypatch):
    package = importlib.import_module("escape_vre.jobs")
    monkeypatch.setitem(vars(escape_vre), "jobs", package)  # as its import does
    assert len(escape_vre.jobs()) == 0
    assert asked == ["/jobs"]
