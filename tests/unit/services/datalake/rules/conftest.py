"""A lake with one dataset of two files, two RSEs, and an account with quota."""

import pytest

from escape_vre.services.datalake.accounts import service as accounts
from escape_vre.services.datalake.rses import service as rses
from escape_vre.testing.rucio import fixed, listed

ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
DATASET = {"scope": "t", "name": "ds", "type": "DATASET", "bytes": 30, "length": 2, "open": False}
RULE = {
    "id": ID,
    "scope": "t",
    "name": "ds",
    "did_type": "DATASET",
    "account": "jdoe",
    "rse_expression": "A",
    "copies": 1,
    "state": "REPLICATING",
    "locks_ok_cnt": 1,
    "locks_replicating_cnt": 1,
    "locks_stuck_cnt": 0,
    "priority": 3,
    "grouping": "DATASET",
    "created_at": "Thu, 26 Nov 2026 11:20:04 UTC",
    "expires_at": "Fri, 26 Nov 2027 11:20:04 UTC",
    "comments": "mine",
}
RSES = [{"rse": "A", "availability_write": True}, {"rse": "B", "availability_write": True}]


def quota(rse, left):
    return {"rse": rse, "bytes": 0, "files": 0, "bytes_limit": left}


@pytest.fixture
def lake(agent, rucio, monkeypatch):
    monkeypatch.setattr(accounts._NAMES, "seconds", 0.0)
    monkeypatch.setattr(rses._KNOWN, "seconds", 0.0)
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says(f"/rules/{ID}", fixed(RULE))
    rucio.says("/rses/", listed({"rse": "A"}, {"rse": "B"}), listed(*RSES))
    for name in ("A", "B"):
        rucio.says(f"/rses/{name}/attr/", fixed({name: True}))
    rucio.says("/accounts/jdoe/attr/", fixed([]))
    rucio.says("/accounts/jdoe/scopes/", fixed(["t"]))
    rucio.says("/accounts/jdoe/usage/local", listed(quota("A", 100), quota("B", 100)))
    return agent
