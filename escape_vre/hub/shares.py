"""A server that was shared gets no tokens until it restarts.

Anyone who can enter a server can read its JupyterHub token, and revoking the share does not revoke
that. So the first share removes the scope from the server's token itself, in the database, in the
same transaction. This survives a restart of the hub and the end of the share; the next start of
the server creates another token.
"""

from typing import Any

from jupyterhub import orm
from sqlalchemy import event
from sqlalchemy.orm import Session

SCOPE = "custom:escape:token"


def watch(session_factory: Any) -> None:
    """Remove the scope whenever a share is created through sessions of this factory."""
    if not event.contains(session_factory, "before_flush", _before_flush):
        event.listen(session_factory, "before_flush", _before_flush)


def guard(spawner: orm.Spawner) -> None:
    """Remove the scope from a server that starts while it is shared; the caller commits."""
    if spawner.shares:
        _disarm(spawner)


def _before_flush(session: Session, _context: object, _instances: object) -> None:
    for made in list(session.new):
        if isinstance(made, orm.Share) and made.spawner is not None:
            _disarm(made.spawner)


def _disarm(spawner: orm.Spawner) -> None:
    right = f"{SCOPE}!server={spawner.user.name}/{spawner.name}"
    for token in spawner.user.api_tokens:
        if right in token.scopes:
            # Another list: SQLAlchemy does not notice what is taken from the old one.
            token.scopes = [scope for scope in token.scopes if scope != right]
