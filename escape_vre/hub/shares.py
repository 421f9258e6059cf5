"""A server that was shared gets no tokens until it restarts.

Whoever may enter a server may read its JupyterHub token, and revoking the share does not revoke
that. So the first share takes the right to tokens from the server's token itself, in the
database, in the same transaction: it survives a restart of the hub and the end of the share, and
the next start of the server makes another token.
"""

from typing import Any

from jupyterhub import orm
from sqlalchemy import event
from sqlalchemy.orm import Session

SCOPE = "custom:escape:token"


def watch(session_factory: Any) -> None:
    """Take the right away whenever a share is made through sessions of this factory."""
    if not event.contains(session_factory, "before_flush", _before_flush):
        event.listen(session_factory, "before_flush", _before_flush)


def guard(spawner: orm.Spawner) -> None:
    """Take the right from a server that starts while it is shared; the caller commits."""
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
