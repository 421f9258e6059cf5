"""From Rucio's rules and transfers to ours; no I/O."""

from collections.abc import Mapping
from typing import Any

from escape_vre.services.datalake.dids import did_ref
from escape_vre.services.datalake.intake import count, did_of, did_type, flag, sentence, when, word
from escape_vre.services.datalake.rules.models import Change, Rule, Trouble

STATES: Mapping[str, str] = {
    "O": "OK",
    "R": "REPLICATING",
    "S": "STUCK",
    "U": "SUSPENDED",
    "W": "WAITING_APPROVAL",
    "I": "INJECT",
}
"""Rucio writes some states in full and some as a letter."""

_ERRORS: Mapping[str, str] = {
    "MissingSourceReplica": "no RSE has an available replica of some files",
    "InsufficientAccountLimit": "your account has too little quota left at the RSEs that match",
    "InsufficientTargetRSEs": "too few RSEs match, or can be written to",
    "RSEOverQuota": "the RSEs that match are full",
    "RSEWriteBlocked": "no RSE that matches can be written to now",
    "InvalidRSEExpression": "the RSE expression matches nothing any more",
}

_TRANSFERS: Mapping[str, str] = {
    "QUEUED": "it waits for its turn",
    "PREPARING": "it waits for its turn",
    "WAITING": "it waits, because the site takes no more transfers at the moment",
    "SUBMITTING": "it is being submitted",
    "SUBMITTED": "it is being copied",
    "FAILED": "the copy failed",
    "DONE": "it was copied, and Rucio has not taken note yet",
    "LOST": "the transfer service has lost it",
    "NO_SOURCES": "no RSE that can be read has an available replica",
    "ONLY_TAPE_SOURCES": "it is on tape only",
    "SUBMISSION_FAILED": "the transfer service did not accept it",
    "MISMATCH_SCHEME": "source and destination have no protocol in common",
    "SUSPEND": "it is suspended",
}
"""By the state of the request for a transfer."""


def rule_of(row: Mapping[str, Any], account: str | None) -> Rule | None:
    """Read one rule; None where it has no id or no DID."""
    rule_id, did = word(row.get("id")), did_of(row)
    if rule_id is None or did is None:
        return None
    ok, replicating, stuck = (
        count(row.get(f"locks_{what}_cnt")) or 0 for what in ("ok", "replicating", "stuck")
    )
    wanted = ok + replicating + stuck
    state, owner = state_of(row.get("state")), word(row.get("account"))
    return Rule(
        id=rule_id,
        ref=str(did_ref(*did)),
        scope=did[0],
        name=did[1],
        type=did_type(row),
        account=owner,
        mine=owner is not None and owner == account,
        expression=word(row.get("rse_expression")) or "",
        copies=count(row.get("copies")) or 1,
        state=state,
        ok=ok,
        replicating=replicating,
        stuck=stuck,
        fraction=ok / wanted if wanted else (1.0 if state == "OK" else None),
        bytes=count(row.get("bytes")),
        priority=count(row.get("priority")),
        grouping=word(row.get("grouping")),
        activity=word(row.get("activity")),
        comment=sentence(row.get("comments")) or None,
        locked=flag(row.get("locked")) or False,
        created=when(row.get("created_at")),
        updated=when(row.get("updated_at")),
        expires=when(row.get("expires_at")),
        why=error_of(row.get("error")) if state != "OK" else None,
        subscription=word(row.get("subscription_id")),
    )


def state_of(value: object) -> str:
    """Return a state in full."""
    said = sentence(value).upper()
    return STATES.get(said, said or "UNKNOWN")


def error_of(value: object) -> str | None:
    """Say in words what Rucio notes as the error of a rule."""
    said = sentence(value)
    if not said:
        return None
    known = next((words for name, words in _ERRORS.items() if name in said), None)
    return known or said


def transfer_of(state: object) -> str:
    """Say in words how a transfer stands; Rucio writes ``RequestState.FAILED`` too."""
    said = sentence(state).rpartition(".")[2]
    return _TRANSFERS.get(said, f"the state of its transfer is {said}" if said else "not known")


def trouble_of(row: Mapping[str, Any]) -> Trouble | None:
    """Read one row of an analysis: a file whose transfer failed."""
    did, rse = did_of(row), word(row.get("rse"))
    if did is None or rse is None:
        return None
    said, sources = word(row.get("last_error")), row.get("sources")
    return Trouble(
        ref=str(did_ref(*did)),
        rse=rse,
        state="STUCK",
        attempts=count(row.get("attempts")),
        reason=transfer_of(said) if said and said != "None" else "no transfer was tried yet",
        source=word(row.get("last_source")),
        sources=_readable(sources) if isinstance(sources, list) else [],
        last=when(row.get("last_time")),
    )


def with_request(trouble: Trouble, request: Mapping[str, Any]) -> Trouble:
    """Add what a request for a transfer says: its error in full, its source, its attempts."""
    words, said = transfer_of(request.get("state")), sentence(request.get("err_msg"))
    retries = count(request.get("retry_count"))
    return trouble.model_copy(
        update={
            "reason": f"{words}: {said}" if said else words,
            "source": word(request.get("source_rse")) or trouble.source,
            "attempts": max(trouble.attempts or 0, 0 if retries is None else retries + 1) or None,
            "last": when(request.get("submitted_at") or request.get("updated_at")) or trouble.last,
        }
    )


def change_of(row: Mapping[str, Any]) -> Change:
    """Read one state of a rule's history."""
    return Change(
        when=when(row.get("updated_at")),
        state=state_of(row.get("state")),
        ok=count(row.get("locks_ok_cnt")) or 0,
        replicating=count(row.get("locks_replicating_cnt")) or 0,
        stuck=count(row.get("locks_stuck_cnt")) or 0,
    )


def _readable(sources: list[Any]) -> list[str]:
    """Return the names in pairs of an RSE and whether it can be read."""
    return [one[0] for one in sources if isinstance(one, list) and len(one) == 2 and one[1] is True]
