"""The decisions about rules that exist: list, explain, change, delete."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

from escape_vre.core.errors import ConflictError, DeniedError, EscapeError, UsageError
from escape_vre.core.ndjson import Tally
from escape_vre.core.order import natural
from escape_vre.core.refs import ResourceRef
from escape_vre.services.datalake.accounts.service import name_of
from escape_vre.services.datalake.dids import did_in, did_ref, read_ref
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import Did, did_of, word
from escape_vre.services.datalake.partly import notes, or_note
from escape_vre.services.datalake.rules import remote
from escape_vre.services.datalake.rules.models import (
    Change,
    Loss,
    Progress,
    Rule,
    RuleInFull,
    Trouble,
)
from escape_vre.services.datalake.rules.read import (
    change_of,
    rule_of,
    state_of,
    trouble_of,
    with_request,
)

LOCKS_READ = 20_000
"""A rule with more locks is shown without its progress at each RSE."""
TROUBLES = 20
ASKED = 5
"""Transfers of which more is asked, each a request."""
CHECKED_FILES = 200
"""Files of which it is checked whether another rule keeps them, each a request."""
SOFT = timedelta(hours=1)
"""Rucio ends a deleted rule after this time."""
_AT_ONCE = 8
_HEX = frozenset("0123456789abcdefABCDEF")


async def rules(
    connected: Connected, ref: ResourceRef | None, tally: Tally
) -> AsyncGenerator[Rule, None]:
    """Yield the rules that keep a DID, or those of the account.

    For a file, these are also the rules of its datasets and containers.
    """
    who, rucio = await name_of(connected), connected.rucio
    if ref is None:
        rows = remote.of_account(rucio, who)
    else:
        kind = (await rucio.did(did_in(ref), count=False)).get("type")
        ask = remote.of_file if kind == "FILE" else remote.of_did
        rows = ask(rucio, did_in(ref))
    async with aclosing(rows):
        async for row in rows:
            rule = rule_of(row, who)
            if rule is None:
                tally.skipped += 1
            else:
                yield rule


async def rule(connected: Connected, rule_id: str) -> RuleInFull:
    """Return one rule with its progress at each RSE, and why files have not arrived.

    What an ordinary account may not ask for is left out.

    Raises
    ------
    NotFoundError
        There is no such rule.
    """
    found = await _rule(connected, rule_id)
    (progress, late), no_progress = await or_note(
        _progress(connected, found), ([], []), "its progress at each RSE"
    )
    history, no_history = await or_note(_history(connected, found), [], "its history")
    troubles, no_reasons = await or_note(
        _troubles(connected, found, late), late[:TROUBLES], "the reasons of failed transfers"
    )
    return RuleInFull(
        **found.model_dump(),
        progress=progress,
        troubles=troubles,
        more_troubles=max(0, found.replicating + found.stuck - len(troubles)),
        history=history,
        note=notes(no_progress, no_history, no_reasons),
    )


async def update(connected: Connected, rule_id: str, options: dict[str, Any]) -> Rule:
    """Change a rule, and return it as it is then.

    Raises
    ------
    UsageError
        Nothing is to be changed.
    DeniedError
        The data lake's policy leaves this to administrators, as those of Rucio and ESCAPE do.
    """
    if not options:
        raise UsageError(
            "Nothing is to be changed.", hint="Give a lifetime, a date, a priority or a comment."
        )
    await _rule(connected, rule_id)
    try:
        await remote.update(connected.rucio, rule_id, options)
    except DeniedError as e:
        raise _only_administrators(e, "change", connected) from e
    return await _rule(connected, rule_id)


async def delete(connected: Connected, rule_id: str) -> Rule:
    """Have a rule end in an hour, and return it as it is then.

    Raises
    ------
    ConflictError
        The rule is locked.
    DeniedError
        As in :func:`update`.
    """
    found = await _rule(connected, rule_id)
    if found.locked:
        raise ConflictError(
            f"Rule {rule_id} is locked, so it cannot be deleted.",
            hint="Ask the data lake's administrators to unlock it.",
        )
    try:
        await remote.delete(connected.rucio, rule_id)
    except DeniedError as e:
        raise _only_administrators(e, "delete", connected) from e
    return await _rule(connected, rule_id)


async def loss(connected: Connected, rule_id: str) -> Loss:
    """Return which files would be kept by no other rule if this one were deleted."""
    found = await _rule(connected, rule_id)
    locked = await remote.all_of(remote.locks(connected.rucio, rule_id), LOCKS_READ)
    files = list(dict.fromkeys(did for row in locked if (did := did_of(row))))
    ends = datetime.now(UTC) + SOFT
    ends = min(ends, found.expires) if found.expires else ends
    if len(files) > CHECKED_FILES or not files:
        total = max(len(files), found.ok + found.replicating + found.stuck)
        lost, note = await or_note(_covers(connected, found), None, "the other rules of this DID")
        return _loss(found, total, 0 if lost else None, [], ends, note, checked=not files)
    lost_files, note = await or_note(
        _unprotected(connected, rule_id, files), None, "the other rules of the files"
    )
    some = [str(did_ref(*did)) for did in (lost_files or ())[:5]]
    left = None if lost_files is None else len(lost_files)
    return _loss(found, len(files), left, some, ends, note, checked=lost_files is not None)


async def _rule(connected: Connected, rule_id: str) -> Rule:
    row = await remote.rule(connected.rucio, checked_id(rule_id))
    found = rule_of(row, await name_of(connected))
    if found is None:
        raise connected.rucio.dialect.nonsense()
    return found


def checked_id(rule_id: str) -> str:
    """Return the id of a rule; Rucio fails at what is none.

    Raises
    ------
    UsageError
        It is none.
    """
    plain = rule_id.replace("-", "")
    if len(plain) != 32 or not _HEX.issuperset(plain):
        raise UsageError(
            f"{rule_id[:80]} is not the id of a rule.", hint="Run %dl rules to see the ids."
        )
    return plain.lower()


async def _progress(connected: Connected, rule: Rule) -> tuple[list[Progress], list[Trouble]]:
    """Count locks by RSE, and return the first that are late."""
    if rule.ok + rule.replicating + rule.stuck > LOCKS_READ:
        return [], []
    found: Counter[tuple[str, str]] = Counter()
    late: list[Trouble] = []
    rows = remote.locks(connected.rucio, rule.id)
    async with aclosing(rows):
        async for row in rows:
            did, rse, state = did_of(row), word(row.get("rse")), state_of(row.get("state"))
            if did is None or rse is None:
                continue
            found[rse, state] += 1
            if state != "OK" and len(late) < TROUBLES:
                stuck = state == "STUCK"
                late.append(
                    Trouble(
                        ref=str(did_ref(*did)),
                        rse=rse,
                        state="STUCK" if stuck else "REPLICATING",
                        reason="its transfer failed" if stuck else "it is on its way",
                    )
                )
    rses = sorted({rse for rse, _ in found}, key=natural)
    return [
        Progress(
            rse=rse,
            ok=found[rse, "OK"],
            replicating=found[rse, "REPLICATING"],
            stuck=found[rse, "STUCK"],
        )
        for rse in rses
    ], late


async def _history(connected: Connected, rule: Rule) -> list[Change]:
    try:
        rows = await remote.all_of(remote.history(connected.rucio, rule.id), 1000)
    except UsageError:
        # Behind Apache with encoded slashes, Rucio 41 takes the id for the name of a DID.
        whole = remote.history_of_did(connected.rucio, (rule.scope, rule.name))
        found = await remote.all_of(whole, 1000)
        rows = [row for row in found if row.get("rule_id") == rule.id]
    changes = sorted(
        map(change_of, rows), key=lambda change: change.when or datetime.min.replace(tzinfo=UTC)
    )
    return changes[-20:]


async def _troubles(connected: Connected, rule: Rule, late: Sequence[Trouble]) -> list[Trouble]:
    """Return why files have not arrived: stuck ones first, the reasons as far as we may ask."""
    if not late:
        return []
    stuck: dict[tuple[str, str], Trouble] = {}
    if rule.stuck:
        found = await remote.analysis(connected.rucio, rule.id)
        rows = found.get("transfers")
        for row in rows if isinstance(rows, list) else []:
            trouble = trouble_of(row) if isinstance(row, dict) else None
            if trouble:
                stuck[trouble.ref, trouble.rse] = trouble
    known = [stuck.pop((one.ref, one.rse), one) for one in late]
    shown = sorted([*known, *stuck.values()], key=lambda one: one.state != "STUCK")[:TROUBLES]
    asked = await asyncio.gather(*(_asked(connected, one) for one in shown[:ASKED]))
    return [*asked, *shown[ASKED:]]


async def _asked(connected: Connected, trouble: Trouble) -> Trouble:
    """Add what Rucio says of the transfer of a file; its history is for administrators."""
    ask = remote.last_request if trouble.state == "STUCK" else remote.request
    try:
        request = await ask(connected.rucio, did_in(read_ref(trouble.ref)), trouble.rse)
    except EscapeError:
        return trouble
    return with_request(trouble, request)


async def _unprotected(connected: Connected, rule_id: str, files: Sequence[Did]) -> list[Did]:
    """Return the files that no other rule keeps."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def kept(did: Did) -> bool:
        async with slots:
            rows = await remote.all_of(remote.of_file(connected.rucio, did))
            return any(row.get("id") != checked_id(rule_id) for row in rows)

    found = await asyncio.gather(*map(kept, files))
    return [did for did, is_kept in zip(files, found, strict=True) if not is_kept]


async def _covers(connected: Connected, rule: Rule) -> bool:
    """Tell whether another rule keeps the whole DID: its own, or one of a collection above."""
    left, seen = [(rule.scope, rule.name)], {(rule.scope, rule.name)}
    while left and len(seen) < 100:
        did = left.pop()
        for row in await remote.all_of(remote.of_did(connected.rucio, did)):
            if row.get("id") != rule.id:
                return True
        for row in await remote.all_of(connected.rucio.parents(did)):
            above = did_of(row)
            if above and above not in seen:
                seen.add(above)
                left.append(above)
    return False


def _loss(
    rule: Rule,
    files: int,
    unprotected: int | None,
    examples: list[str],
    ends: datetime,
    note: str | None,
    *,
    checked: bool,
) -> Loss:
    if not files:
        message = "This rule keeps no files yet, so nothing is lost."
    elif unprotected == 0:
        message = "Other rules keep all of its files, so nothing is lost but copies."
    elif unprotected is None:
        message = (
            f"Up to {files:,} files are kept by no other rule: Rucio may delete that data for good."
        )
    else:
        what = "Its only file is" if files == 1 else f"{unprotected:,} of its {files:,} files are"
        message = f"{what} kept by no other rule: Rucio may delete that data for good."
    return Loss(
        rule=rule,
        files=files,
        unprotected=0 if not files else unprotected,
        examples=examples,
        checked=checked,
        ends=ends,
        message=message,
        note=note,
    )


def _only_administrators(error: DeniedError, what: str, connected: Connected) -> DeniedError:
    return DeniedError(
        error.message,
        hint=f"Ask the administrators of {connected.settings.shown} to {what} it. Give your next"
        " rule a lifetime, and it ends by itself.",
    )
