"""The variables that travel with a request, and paths completed by them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core.caller import (
    allowed_variables,
    expanded,
    pack_environment,
    unpack_environment,
    variables_in,
)
from escape_vre.core.errors import UsageError

ME = {"HOME": "/home/jdoe", "SITE": "/site", "EMPTY": ""}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/etc/ca.pem", "/etc/ca.pem"),
        ("~/ca.pem", "/home/jdoe/ca.pem"),
        ("~", "/home/jdoe"),
        ("$HOME/ca.pem", "/home/jdoe/ca.pem"),
        ("${SITE}/ca.pem", "/site/ca.pem"),
        ("$SITE$SITE", "/site/site"),
        (" /etc/ca.pem ", "/etc/ca.pem"),
        ("", None),
        ("  ", None),
        ("$EMPTY", None),
        ("$EMPTY/ca.pem", None),
        ("$NOT_SET/ca.pem", None),
        ("${NOT_SET}", None),
        ("/a~b/ca.pem", "/a~b/ca.pem"),
        ("~nobody-of-that-name/ca.pem", "~nobody-of-that-name/ca.pem"),
        ("/price/5$", "/price/5$"),
    ],
)
def test_a_path_is_completed_by_the_callers_variables(path, found):
    assert expanded(path, ME) == found


def test_the_home_of_the_agent_serves_a_caller_that_sends_none():
    assert expanded("~/ca.pem", {}) == os.path.expanduser("~/ca.pem")  # noqa: PTH111


def test_names_in_a_path():
    assert variables_in("$A/${B}/~/$C_1.pem") == {"A", "B", "C_1"}


def test_a_value_is_not_expanded_again():
    assert expanded("$SITE/x", {"SITE": "/$HOME", "HOME": "/home/jdoe"}) == "/$HOME/x"


@given(st.dictionaries(st.sampled_from(allowed_variables()), st.text(min_size=1).map("/{}".format)))
def test_what_is_sent_arrives(variables):
    assert unpack_environment(pack_environment(variables)) == variables


def test_other_variables_are_neither_sent_nor_taken():
    mine = {"RUCIO_VO": "skt", "JUPYTER_TOKEN": "s", "AWS_SECRET_ACCESS_KEY": "s"}
    assert unpack_environment(pack_environment(mine)) == {"RUCIO_VO": "skt"}
    assert unpack_environment(pack_environment(mine, mine)) == {"RUCIO_VO": "skt"}


def test_what_the_agent_asks_for_is_sent_and_taken():
    mine = {"RUCIO_VO": "skt", "MY_TOKEN": "t", "OTHER": "s"}
    sent = pack_environment(mine, ["MY_TOKEN", "NOT_SET"])
    assert unpack_environment(sent, lambda _: {"MY_TOKEN", "OTHER"}) == {
        "RUCIO_VO": "skt",
        "MY_TOKEN": "t",
    }


def test_a_relative_path_is_of_the_callers_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = {"RUCIO_CONFIG": "rucio.cfg", "X509_USER_PROXY": "~/p", "BEARER_TOKEN": "rucio.cfg"}
    assert unpack_environment(pack_environment(sent)) == {
        "RUCIO_CONFIG": str(tmp_path / "rucio.cfg"),
        "X509_USER_PROXY": "~/p",
        "BEARER_TOKEN": "rucio.cfg",
    }


@pytest.mark.parametrize("header", ["no base64", "bm8gSlNPTg==", "W10=", "MQ=="])
def test_a_header_that_is_none(header):
    with pytest.raises(UsageError):
        unpack_environment(header)
