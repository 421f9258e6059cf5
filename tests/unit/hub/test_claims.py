"""What tokens and claims say, and where they say nothing."""

import base64
import json

import pytest

from escape_vre.core.tokens import jwt_claims
from escape_vre.hub.claims import DEFAULT_LIFETIME_S, MAX_LIFETIME_S, claim, lifetime_s

CLAIMS = {
    "groups": ["a"],
    "wlcg.groups": ["/b"],
    "realm_access": {"roles": ["c"], "deep": {"er": ["d"]}},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("groups", ["a"]),
        ("wlcg.groups", ["/b"]),
        ("realm_access.roles", ["c"]),
        ("realm_access.deep.er", ["d"]),
        ("realm_access.none", None),
        ("groups.0", None),
        ("none", None),
        ("none.at.all", None),
    ],
)
def test_a_claim_is_found_by_its_name_or_path(path, found):
    assert claim(CLAIMS, path) == found


def jwt(claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


DEEP = f"e30.{base64.urlsafe_b64encode(b'[' * 99_999).decode()}.c2ln"


@pytest.mark.parametrize("token", ["", "opaque", "a.b", "a.!.c", "a.bm8=.c", jwt([1]), DEEP])
def test_what_is_no_jwt_says_nothing(token):
    assert jwt_claims(token) == {}


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"expires_in": 60}, 60),
        ({"expires_in": "60"}, 60),
        ({"expires_in": -1}, 0),
        ({"expires_in": "soon"}, DEFAULT_LIFETIME_S),
        ({"expires_in": float("nan")}, DEFAULT_LIFETIME_S),
        ({"expires_in": True}, DEFAULT_LIFETIME_S),
        ({"expires_in": [60]}, DEFAULT_LIFETIME_S),
        ({"expires_in": 10**400}, DEFAULT_LIFETIME_S),
        ({"expires_in": 1e300}, MAX_LIFETIME_S),
        ({}, DEFAULT_LIFETIME_S),
        ({"access_token": jwt({"iat": 10, "exp": 130})}, 120),
        ({"access_token": jwt({"exp": 130})}, DEFAULT_LIFETIME_S),
        ({"expires_in": None, "access_token": jwt({"iat": 10, "exp": 130})}, 120),
    ],
)
def test_how_long_a_token_lives(fields, seconds):
    assert lifetime_s({"access_token": "opaque", **fields}) == seconds
