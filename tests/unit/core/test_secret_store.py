"""Where typed secrets are kept: in a real system keyring, else in memory, and in no file."""

import asyncio
import sys
import threading
import types

import pytest

from escape_vre.core import secret_store
from escape_vre.core.secret_store import SecretStore, system_keyring

SECRET = "s3cret-of-anna"


class Wallet:
    """A keyring in memory."""

    def __init__(self):
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


class Broken(Wallet):
    """Refuses to do anything, and shows the secret in doing so."""

    def get_password(self, service, username):
        raise RuntimeError(SECRET)

    set_password = delete_password = get_password


def backend(module):
    kind = type("Keyring", (Wallet,), {"__module__": module})
    return kind()


@pytest.fixture
def installed(monkeypatch):
    """Have the package keyring choose a backend."""

    def choose(chosen):
        def get_keyring():
            if isinstance(chosen, Exception):
                raise chosen
            return chosen

        package = types.SimpleNamespace(get_keyring=get_keyring)
        monkeypatch.setitem(sys.modules, "keyring", package)

    return choose


def run(scene):
    return asyncio.run(scene)


@pytest.mark.parametrize("name", ["SecretService", "libsecret", "kwallet", "macOS", "Windows"])
def test_a_backend_that_encrypts_is_used(installed, name):
    chosen = backend(f"keyring.backends.{name}")
    installed(chosen)
    assert system_keyring() is chosen


@pytest.mark.parametrize(
    "module",
    ["keyring.backends.null", "keyring.backends.fail", "keyrings.alt.file", "keyrings.alt.Gnome"],
)
def test_one_that_does_not_is_not(installed, module):
    installed(backend(module))
    assert system_keyring() is None


def test_of_several_the_first_that_encrypts_is_used(installed):
    plain, real = backend("keyrings.alt.file"), backend("keyring.backends.kwallet")
    chain = backend("keyring.backends.chainer")
    chain.backends = [plain, real]
    installed(chain)
    assert system_keyring() is real
    chain.backends = [plain]
    assert system_keyring() is None


@pytest.mark.parametrize("error", [ImportError("no dbus"), RuntimeError(SECRET)])
def test_a_keyring_that_cannot_be_used_is_none(installed, error, caplog):
    installed(error)
    assert system_keyring() is None
    assert SECRET not in caplog.text


def test_without_the_package_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert system_keyring() is None


def test_the_system_keyring_outlives_the_agent(tmp_path):
    wallet = Wallet()

    async def scene():
        first = SecretStore(tmp_path, system=lambda: wallet)
        assert await first.keeps() == "keyring"
        assert await first.keep("lab", SECRET) == "keyring"
        again = SecretStore(tmp_path, system=lambda: wallet)
        assert await again.read("lab") == SECRET
        other = SecretStore(tmp_path / "other", system=lambda: wallet)
        assert await other.read("lab") is None, "another state folder has other secrets"
        await again.forget("lab")
        await again.forget("lab")
        assert await first.read("lab") is None

    run(scene())
    assert wallet.kept == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("system", [lambda: None, Broken])
def test_without_it_a_secret_lasts_for_the_session(tmp_path, system, caplog):
    caplog.set_level("DEBUG")

    async def scene():
        store = SecretStore(tmp_path, system=system)
        assert await store.keep("lab", SECRET) == "session"
        assert await store.read("lab") == SECRET
        assert await SecretStore(tmp_path, system=system).read("lab") is None
        await store.forget("lab")
        assert await store.read("lab") is None

    run(scene())
    assert list(tmp_path.iterdir()) == []
    assert SECRET not in caplog.text


def test_a_keyring_that_waits_for_its_owner_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr(secret_store, "PATIENCE_S", 0.05)
    unlocked = threading.Event()

    class Locked(Wallet):
        def get_password(self, service, username):
            unlocked.wait(60)

    async def scene():
        return await SecretStore(tmp_path, system=Locked).read("lab")

    assert run(scene()) is None
    unlocked.set()


def test_what_a_keyring_takes_later_is_used_again(tmp_path):
    wallet = Broken()

    async def scene():
        store = SecretStore(tmp_path, system=lambda: wallet)
        assert await store.keep("lab", "old") == "session"
        wallet.__class__ = Wallet
        assert await store.keep("lab", SECRET) == "keyring"
        assert await store.read("lab") == SECRET

    run(scene())
    assert list(wallet.kept.values()) == [SECRET]
