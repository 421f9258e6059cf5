"""The first share takes the right to tokens from a server, until it restarts."""

import pytest
from jupyterhub import orm

from escape_vre.hub import shares

RIGHT = f"{shares.SCOPE}!server"


@pytest.fixture
def servers():
    factory = orm.new_session_factory("sqlite:///:memory:")
    shares.watch(factory)
    shares.watch(factory)
    db = factory()
    for role in ("user", "server", "token"):
        db.add(orm.Role(name=role, scopes=[]))
    anna, bert = orm.User(name="anna"), orm.User(name="bert")
    db.add_all([anna, bert])
    for name in ("", "gpu"):
        db.add(orm.Spawner(name=name, user=anna))
    db.commit()
    for name in ("", "gpu"):
        db.add(
            orm.APIToken(
                user=anna,
                hashed=name or "default",
                scopes=[f"{RIGHT}=anna/{name}", f"access:servers!server=anna/{name}"],
            )
        )
    db.commit()
    yield db
    db.close()
    db.bind.dispose()


def scopes(db):
    """What is in the database, not in memory."""
    db.expire_all()
    return {scope for token in db.query(orm.APIToken) for scope in token.scopes}


def spawner(db, name):
    return db.query(orm.Spawner).filter_by(name=name).one()


def share(db, name):
    bert = db.query(orm.User).filter_by(name="bert").one()
    server = spawner(db, name)
    made = orm.Share(
        user=bert, owner=server.user, spawner=server, scopes=["access:servers!server=anna/" + name]
    )
    db.add(made)
    db.commit()
    return made


def test_a_share_takes_the_right_of_that_server_only(servers):
    share(servers, "gpu")
    assert f"{RIGHT}=anna/gpu" not in scopes(servers)
    assert f"{RIGHT}=anna/" in scopes(servers)
    assert "access:servers!server=anna/gpu" in scopes(servers)


def test_revoking_the_share_does_not_give_it_back(servers):
    servers.delete(share(servers, "gpu"))
    servers.commit()
    assert f"{RIGHT}=anna/gpu" not in scopes(servers)


def test_a_server_that_starts_while_shared_begins_without(servers):
    shared = share(servers, "gpu")
    anna = shared.owner
    servers.add(orm.APIToken(user=anna, hashed="next", scopes=[f"{RIGHT}=anna/gpu"]))
    servers.commit()
    shares.guard(spawner(servers, "gpu"))
    shares.guard(spawner(servers, ""))
    servers.commit()
    assert f"{RIGHT}=anna/gpu" not in scopes(servers)
    assert f"{RIGHT}=anna/" in scopes(servers)
