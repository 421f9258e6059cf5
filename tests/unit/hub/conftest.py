"""JupyterHub's own users in a database in memory, and a provider that misbehaves on request."""

import asyncio
import logging
import time

import pytest
import pytest_asyncio
from jupyterhub import orm
from jupyterhub.crypto import CryptKeeper
from jupyterhub.user import User

from escape_vre.hub.answers import TokenAnswer
from escape_vre.hub.provider import Provider
from escape_vre.hub.sealing import Sealer
from escape_vre.hub.sessions import Sessions
from escape_vre.hub.settings import load
from escape_vre.hub.store import Session, Store
from escape_vre.testing.provider import FakeProvider

KEY = "0123456789abcdef0123456789abcdef"


async def until(condition, timeout_s=60):
    """Wait for something that happens beside us."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 (it happens in a thread)
            await asyncio.sleep(0.01)


@pytest.fixture
def idp(monkeypatch):
    with FakeProvider() as provider:
        monkeypatch.setenv("ESCAPE_VRE_CLIENT_SECRET", provider.client_secret)
        monkeypatch.setenv("ESCAPE_VRE_HUB_KEYS", KEY)
        yield provider


@pytest.fixture
def given(idp):
    """What a site would write."""
    return {
        "login": {
            "provider": "keycloak",
            "issuer": idp.issuer,
            "client_id": "hub",
            "allowed_groups": ["/escape"],
        },
        "tokens": {"audiences": [{"name": "rucio"}, {"name": "reana"}]},
        "calls": {"timeout_s": 20},
    }


@pytest.fixture
def clock(monkeypatch):
    """Move the time of day, for us and for the provider."""
    real, moved = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved[0])
    monkeypatch.setattr(time, "time_ns", lambda: int((real() + moved[0]) * 1e9))

    def move(seconds):
        moved[0] += seconds

    return move


@pytest.fixture
def db():
    CryptKeeper.clear_instance()
    CryptKeeper.instance(keys=[b"k" * 32])
    factory = orm.new_session_factory("sqlite:///:memory:")
    session = factory()
    yield session
    session.close()
    session.bind.dispose()
    CryptKeeper.clear_instance()


class Hub:
    """The sessions of a hub, its users, and a way to restart it."""

    def __init__(self, idp, db, given, keys=(KEY,)):
        self.idp, self.db, self.given = idp, db, given
        self.allowed = True
        self.welcomed = []
        self.users = {}
        self.providers = []
        self.restart(keys)

    def restart(self, keys=(KEY,)):
        self.settings = load(self.given)
        self.sealer = Sealer(keys)
        self.store = Store(self.sealer, logging.getLogger("hub"))
        self.provider = Provider(self.settings.oidc, self.settings.calls)
        self.providers.append(self.provider)
        self.sessions = Sessions(
            settings=self.settings,
            provider=self.provider,
            store=self.store,
            welcome=self.welcome,
            log=logging.getLogger("hub"),
        )

    async def welcome(self, user, claims):
        self.welcomed.append((user.name, claims.get("groups")))
        return self.allowed

    async def sign_in(self, name, person=None):
        """Do what JupyterHub does with the outcome of a sign-in."""
        user = self.users.get(name)
        if user is None:
            found = orm.User(name=name)
            self.db.add(found)
            self.db.commit()
            user = self.users[name] = User(found, {})
        person = person or name
        self.idp.people.setdefault(person, {"groups": ["/escape"]})
        answer = self.idp.begin(person)
        session = Session.begin(
            TokenAnswer(answer, time.time() + answer["expires_in"]),
            issuer=self.idp.issuer,
            subject=f"sub-of-{person}",
            after=self.sessions.newest(name),
        )
        claims = self.idp.claims(person)
        await user.save_auth_state(self.store.auth_state(name, session, claims))
        return user


@pytest_asyncio.fixture
async def hub(idp, db, given):
    hub = Hub(idp, db, given)
    yield hub
    for provider in hub.providers:
        await provider.close()
