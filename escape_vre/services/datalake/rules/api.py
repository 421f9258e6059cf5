"""Rules from Python."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core import text
from escape_vre.core.errors import ConfigurationError
from escape_vre.core.order import natural
from escape_vre.display.tables import Info, Table
from escape_vre.services.datalake.dids import parse_did
from escape_vre.services.datalake.rses.api import rse_table
from escape_vre.services.datalake.rules.shown import rule_info, rule_table, when

Lifetime = timedelta | int | None
"""A time span, or seconds."""


def rules(did: str | None = None, *, instance: str | None = None) -> Table:
    """List the rules that keep a DID, or all of your account.

    For a file, these are also the rules of the datasets that hold it.
    """
    ref = str(parse_did(did)) if did else None
    rows, end = [], {}
    for row in AgentClient().stream("/datalake/rules", instance=instance, ref=ref):
        if "end" in row:
            end = row["end"]
        else:
            rows.append(row)
    rows.sort(key=lambda row: natural(row["ref"]))
    nothing = f"No rule keeps {did}." if did else "Your account has no rules."
    skipped = text.skipped(end.get("skipped", 0))
    return rule_table(rows, note=skipped or ("" if rows else nothing))


def rule(rule_id: str, *, instance: str | None = None) -> Info:
    """Return one rule in full: its progress at each RSE, and why files have not arrived."""
    return rule_info(AgentClient().get("/datalake/rule", instance=instance, id=rule_id))


def preview_rule(did: str | Iterable[str], expression: str, **options: Any) -> dict[str, Any]:
    """Return what :func:`add_rule` would do with the same arguments; nothing is written.

    Returns
    -------
    dict
        ``rses``: those that match; ``usable``: names of those with quota left; ``bytes``,
        ``files``; ``refusal``: why Rucio would refuse it, or None.
    """
    found: dict[str, Any] = AgentClient().post(
        "/datalake/rules/preview", _wish(did, expression, **options), repeatable=True
    )
    return found


def previewed(did: str | Iterable[str], expression: str, **options: Any) -> Table:
    """Show what :func:`preview_rule` returns: the RSEs that match, their room, and a sentence."""
    found = preview_rule(did, expression, **options)
    size = text.size(found["bytes"])
    keeps = f"{found['copies']} × {size}" if found["copies"] > 1 else size
    end = f" until {when(found['expires'])}" if found["expires"] else ""
    refused = f"It will be refused: {found['refusal']} {found['hint']}" if found["refusal"] else ""
    said = refused or f"It will keep {keeps}{end} at {found['copies']} of these RSEs."
    return rse_table(found["rses"], note=" ".join([said, *found["warnings"]]))


def near(did: str, *, instance: str | None = None) -> str:
    """Return the RSE expression that the site has configured as near this JupyterLab.

    Raises
    ------
    ConfigurationError
        It has configured none.
    """
    ref = str(parse_did(did))
    found = AgentClient().get("/datalake/near", instance=instance, ref=ref)
    if found is None:
        raise ConfigurationError(
            "This site has not configured which RSEs are near.",
            hint="Choose RSEs with --rses, or set near of the data lake in the configuration.",
        )
    return str(found["expression"])


def add_rule(did: str | Iterable[str], expression: str, **options: Any) -> Table:
    """Have DIDs kept at the RSEs that match an expression.

    Parameters
    ----------
    did : str or iterable of str
        One or several, each of which gets a rule.
    expression : str
        See :func:`escape_vre.rses`.
    copies : int
        Number of RSEs that are to have it; default 1.
    lifetime : timedelta or int, optional
        How long, in seconds if a number; without it, until the rule is deleted.
    until : datetime, optional
        In place of a lifetime.
    priority : int
        1 to 5, 5 first; default 3.
    comment : str, optional
        At most 250 characters.
    grouping : str
        Which files stay together: ``ALL``, those of a ``DATASET`` (default), or ``NONE``.
    instance : str, optional
        The data lake; default the first.

    Returns
    -------
    Table
        The rules; its note has what to mind.

    Raises
    ------
    UsageError, QuotaError, NotFoundError, DeniedError
        One sentence, before anything is written where that is known.
    """
    agent = AgentClient()
    made = agent.post("/datalake/rules", _wish(did, expression, **options))
    instance = options.get("instance")
    found = [agent.get("/datalake/rule", instance=instance, id=one) for one in made["rules"]]
    return rule_table(found, note=" ".join(made["warnings"]))


def update_rule(
    rule_id: str,
    *,
    lifetime: Lifetime = None,
    until: datetime | None = None,
    endless: bool = False,
    priority: int | None = None,
    comment: str | None = None,
    instance: str | None = None,
) -> Table:
    """Change a rule: how long it stays, its priority, its comment. Returns it as it is then."""
    body = {
        "instance": instance,
        "rule": rule_id,
        "lifetime_s": _seconds(lifetime),
        "until": until.astimezone().isoformat() if until else None,
        "endless": endless,
        "priority": priority,
        "comment": comment,
    }
    return rule_table([AgentClient().post("/datalake/rule/update", body)], note="")


def loss(rule_id: str, *, instance: str | None = None) -> dict[str, Any]:
    """Return what would be lost with a rule: files that no other rule keeps, and a sentence."""
    found: dict[str, Any] = AgentClient().get("/datalake/rule/loss", instance=instance, id=rule_id)
    return found


def delete_rule(rule_id: str, *, instance: str | None = None) -> Table:
    """Delete a rule. Rucio ends it an hour later; until then ``update_rule`` can keep it.

    Files that no other rule keeps may then be deleted for good: ask :func:`loss` before.
    """
    row = AgentClient().post("/datalake/rule/delete", {"instance": instance, "rule": rule_id})
    ends = when(row["expires"])
    keep = f"%dl rule update {row['id']} --endless"
    return rule_table([row], note=f"It ends at {ends}. Run {keep} before to keep it.")


def _wish(did: str | Iterable[str], expression: str, **options: Any) -> dict[str, Any]:
    dids = [did] if isinstance(did, str) else list(did)
    lifetime, until = options.pop("lifetime", None), options.pop("until", None)
    return {
        "refs": [str(parse_did(one)) for one in dids],
        "expression": expression,
        "lifetime_s": _seconds(lifetime),
        "until": until.astimezone().isoformat() if until else None,
        **options,
    }


def _seconds(lifetime: Lifetime) -> int | None:
    return round(lifetime.total_seconds()) if isinstance(lifetime, timedelta) else lifetime
