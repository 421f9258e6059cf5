"""Our clock and Rucio's differ: a token's life is counted by one of them."""

import base64
import json
import time

import pytest

from escape_vre.testing.rucio import Answer

HOUR_S = 3600.0


def stamp(moment):
    return time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(moment))


def given(ends):
    return Answer(headers={"X-Rucio-Auth-Token": "t0ken", "X-Rucio-Auth-Token-Expires": ends})


def jwt(expires):
    body = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@pytest.fixture
def by_file(caller, tmp_path):
    """Sign in by a token in a file; returns the file."""
    caller.config["DataLake"]["instances"][0] |= {
        "auth": "token_file",
        "token_file": str(tmp_path / "token"),
    }
    return tmp_path / "token"


@pytest.mark.parametrize("ahead_s", [-10 * HOUR_S, -2 * HOUR_S, 2 * HOUR_S])
def test_a_token_just_given_is_used_whatever_the_clocks_say(caller, rucio, ahead_s):
    rucio.ahead_s = ahead_s
    rucio.says("/auth/userpass", given(stamp(time.time() + ahead_s + HOUR_S)))
    status, answer = caller.ask("/datalake/whoami")
    assert status == 200, answer
    assert rucio.asked["/auth/userpass"] == 1


@pytest.mark.parametrize(
    "ends",
    [stamp(0), "soon", "", stamp(time.time() - HOUR_S)],
    ids=["1970", "a word", "nothing", "an hour ago"],
)
def test_a_token_just_given_is_used_though_its_end_makes_no_sense(caller, rucio, ends):
    rucio.says("/auth/userpass", given(ends))
    status, answer = caller.ask("/datalake/whoami")
    assert status == 200, answer


def test_a_token_in_a_file_is_good_by_rucios_clock(caller, rucio, by_file):
    rucio.ahead_s = -2 * HOUR_S
    by_file.write_text(jwt(time.time() - HOUR_S))
    status, answer = caller.ask("/datalake/whoami")
    assert status == 200, answer
    assert rucio.headers_of("/accounts/whoami")["x-rucio-auth-token"] == by_file.read_text()


def test_a_token_in_a_file_that_has_expired_by_both_clocks(caller, rucio, by_file):
    by_file.write_text(jwt(time.time() - HOUR_S))
    _, answer = caller.ask("/datalake/whoami")
    assert "expired" in answer["error"]["message"]
    assert rucio.asked["/accounts/whoami"] == 0
