"""User names: what Kubernetes takes, and one for each person."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escape_vre.hub.names import MAX_LENGTH, user_name

# RFC 1123, as Kubernetes has it for labels.
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")

plain = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
claims = st.one_of(st.text(min_size=1, max_size=80), plain, plain.map(str.upper))


@settings(deadline=None)
@given(claims)
def test_kubernetes_takes_every_name(claim):
    name = user_name(claim)
    assert LABEL.fullmatch(name)
    assert len(name) <= MAX_LENGTH
    assert "--" not in name


@settings(deadline=None)
@given(claims)
def test_a_name_made_of_a_name_is_another(claim):
    """Nobody can call themselves what another person's name becomes."""
    name = user_name(claim)
    assert name == claim or user_name(name) != name


@settings(deadline=None)
@given(claims, claims)
def test_two_people_are_two(one, other):
    assert (user_name(one) == user_name(other)) == (one == other)


@settings(deadline=None)
@given(claims)
def test_case_makes_another_person(claim):
    for other in {claim.upper(), claim.lower(), claim.title()} - {claim}:
        assert user_name(other) != user_name(claim)


@pytest.mark.parametrize("claim", ["anna", "a", "0", "anna-maria", "a1-b2", "x" * MAX_LENGTH])
def test_a_safe_claim_stays(claim):
    assert user_name(claim) == claim


@pytest.mark.parametrize(
    ("claim", "begins"),
    [
        ("Anna", "anna-"),
        ("änna", "anna-"),
        ("anna.example@cern.ch", "anna-example-cern-ch-"),
        ("anna--b", "anna-b-"),
        ("-anna", "anna-"),
        ("anna-", "anna-"),
        ("安娜", "user-"),
        ("anna-0123abcd", "anna-0123abcd-"),
        ("x" * (MAX_LENGTH + 1), "x" * 31 + "-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("anna/gpu", "anna-gpu-"),
    ],
)
def test_any_other_is_made_readable(claim, begins):
    assert re.fullmatch(re.escape(begins) + "[0-9a-f]{8}", user_name(claim))
