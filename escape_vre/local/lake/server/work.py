"""Looks which of Rucio's daemons have something to do.

A daemon that finds nothing costs ten milliseconds of processor, for its heartbeats; this one query
for all of them costs one.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from rucio.db.sqla.constants import (
    ReplicaState,
    RequestState,
    RequestType,
    RuleState,
    SubscriptionState,
)
from rucio.db.sqla.models import (
    RSE,
    DataIdentifier,
    ReplicationRule,
    Request,
    RSEFileAssociation,
    Subscription,
    UpdatedAccountCounter,
    UpdatedCollectionReplica,
    UpdatedDID,
    UpdatedRSECounter,
)
from rucio.db.sqla.session import get_engine
from sqlalchemy import ColumnElement, and_, bindparam, exists, false, select, true, update

REPAIR_S = 60.0
"""How long a rule stays STUCK before it is tried again; half an hour in Rucio itself."""

_MOVING = (RequestType.TRANSFER, RequestType.STAGEIN, RequestType.STAGEOUT)
_NOW = bindparam("now")
_AGO = bindparam("ago")
_REPLICA = RSEFileAssociation


def _requests(*states: RequestState) -> ColumnElement[bool]:
    return exists().where(Request.request_type.in_(_MOVING), Request.state.in_(states))


_SUBSCRIBED = exists().where(
    Subscription.state.in_((SubscriptionState.ACTIVE, SubscriptionState.UPDATED))
)

_DUE: dict[str, ColumnElement[bool]] = {
    "transmogrifier": and_(exists().where(DataIdentifier.is_new == true()), _SUBSCRIBED),
    "injector": exists().where(ReplicationRule.state == RuleState.INJECT),
    "necromancer": exists().where(_REPLICA.state == ReplicaState.BAD),
    "evaluator": exists().where(UpdatedDID.id.is_not(None)),
    "cleaner": exists().where(ReplicationRule.expires_at < _NOW, ReplicationRule.locked == false()),
    "repairer": exists().where(
        ReplicationRule.state == RuleState.STUCK, ReplicationRule.updated_at < _AGO
    ),
    "submitter": _requests(RequestState.QUEUED),
    "poller": _requests(RequestState.SUBMITTED),
    "finisher": _requests(
        RequestState.DONE,
        RequestState.FAILED,
        RequestState.LOST,
        RequestState.SUBMISSION_FAILED,
        RequestState.NO_SOURCES,
        RequestState.ONLY_TAPE_SOURCES,
        RequestState.MISMATCH_SCHEME,
    ),
    "undertaker": exists().where(DataIdentifier.expired_at < _NOW),
    # Site by site, as the index has them.
    "reaper": exists().where(
        RSE.id == _REPLICA.rse_id, _REPLICA.tombstone < _NOW, _REPLICA.lock_cnt == 0
    ),
    "abacus_account": exists().where(UpdatedAccountCounter.account.is_not(None)),
    "abacus_rse": exists().where(UpdatedRSECounter.rse_id.is_not(None)),
    "abacus_collection": exists().where(UpdatedCollectionReplica.id.is_not(None)),
}

DAEMONS = tuple(_DUE)
"""Names of the daemons, in the order in which one makes work for the next."""

_QUESTION = select(
    *(condition.label(name) for name, condition in _DUE.items()),
    exists().where(DataIdentifier.is_new == true()).label("new"),
)
_SEEN = update(DataIdentifier).where(DataIdentifier.is_new == true()).values(is_new=False)


def due() -> list[str]:
    """Return the names of the daemons with work, in their order."""
    now = datetime.now(UTC).replace(tzinfo=None)
    times: dict[str, Any] = {"now": now, "ago": now - timedelta(seconds=REPAIR_S)}
    with get_engine().begin() as connection:
        found = connection.execute(_QUESTION, times).one()._mapping  # noqa: SLF001 - its public name
        if found["new"] and not found["transmogrifier"]:
            # Without subscriptions this is all that the transmogrifier does, one DID at a time.
            connection.execute(_SEEN)
    return [name for name in DAEMONS if found[name]]
