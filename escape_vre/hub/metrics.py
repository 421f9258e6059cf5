"""The token metrics on the hub's ``/metrics``; no label identifies a user."""

from prometheus_client import Counter, Histogram

TOKEN_REQUESTS = Counter(
    "escape_vre_token_requests",
    "Requests of users' servers for a token, by audience and result.",
    ["audience", "result"],
)
REFRESHES = Counter(
    "escape_vre_session_refreshes",
    "Renewals of sessions at the identity provider, by result.",
    ["result"],
)
PROVIDER_SECONDS = Histogram(
    "escape_vre_provider_seconds",
    "How long the identity provider took to answer, by type of call and result, seconds.",
    ["kind", "result"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
