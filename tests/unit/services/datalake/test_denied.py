"""Rucio says with 401 both that a token has ended and that an account may not do something."""

import pytest

from escape_vre.testing.rucio import Answer, refused

NOT_ALLOWED = refused("AccessDenied", "Account jdoe can not do this", status=401)


@pytest.mark.parametrize(
    ("path", "remote"),
    [("/datalake/whoami", "/accounts/whoami"), ("/datalake/dids?scope=t", "/dids/t/dids/search")],
    ids=["one answer", "a list"],
)
def test_what_an_account_may_not_do_costs_no_new_token(agent, rucio, path, remote):
    rucio.says(remote, NOT_ALLOWED)
    where, _, query = path.partition("?")
    status, found = agent.ask(where, **dict(pair.split("=") for pair in query.split("&") if pair))
    error = found["error"] if isinstance(found, dict) else found[-1]["error"]
    assert error["code"] == "denied"
    assert "Account jdoe can not do this" in error["message"]
    assert rucio.asked[remote] == 1
    assert rucio.asked["/auth/userpass"] == 1
    assert status in (200, 403)


def test_an_ended_token_is_still_renewed(agent, rucio):
    ended = refused("CannotAuthenticate", "token expired", status=401)
    rucio.says("/accounts/whoami", ended, Answer(b'{"account": "jdoe"}'))
    assert agent.ask("/datalake/whoami")[0] == 200
    assert rucio.asked["/auth/userpass"] == 2


def test_a_401_about_a_rule_costs_no_new_token(agent, rucio):
    locked = refused("UnsupportedOperation", "The rule is locked", status=401)
    rucio.says("/accounts/whoami", locked)
    status, found = agent.ask("/datalake/whoami")
    assert (status, found["error"]["code"]) == (409, "conflict")
    assert "The rule is locked" in found["error"]["message"]
    assert rucio.asked["/auth/userpass"] == 1
    assert "device" not in found["error"]["details"]
