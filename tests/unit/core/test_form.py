"""Sign-in by a form: what is kept, what a refusal does, and who hears of a sign-in."""

import asyncio

import pytest

from escape_vre.core.client import AuthorisedClient, Dialect
from escape_vre.core.errors import AuthError, RemoteUnavailableError, UsageError
from escape_vre.core.form import Form, FormToken, Typed
from escape_vre.core.http import RemoteClient, header_value
from escape_vre.core.secret_store import SecretStore
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import TokenChain
from escape_vre.testing.rucio import Answer, FakeRucio

SECRET = "pat-0123456789"
TLS = tls_context(None)


@pytest.fixture
def tried():
    """What was tried, and by which caller."""
    return []


@pytest.fixture
def form(tmp_path, tried):
    return make(tmp_path, tried)


def make(folder, tried, *, kind="token", about=("lab", "https://lab.example.org")):
    async def check(typed, environment):
        tried.append((typed, environment))
        if typed.secret == "down":
            raise RemoteUnavailableError("Lab is down.")
        if typed.secret == "wrong":
            raise AuthError("Lab does not accept this.")

    store = SecretStore(folder, system=lambda: None)
    return Form(
        *about,
        title="Lab",
        kind=kind,
        username="anna",
        store=store,
        check=check,
        login="%lab login",
    )


def chain_of(form):
    chain = TokenChain([FormToken(form)], service="Lab", hint="", identity=form.id)
    return form.serve(chain)


def test_before_a_sign_in_it_says_what_to_do(form):
    with pytest.raises(AuthError, match="You are not signed in to Lab") as caught:
        asyncio.run(chain_of(form).get({}))
    assert caught.value.details == {"device": form.id}
    assert caught.value.worth_waiting
    assert caught.value.hint == "Sign in with the button in the panel, or with %lab login."


def test_what_is_typed_is_tried_and_then_used(form, tried):
    async def scene():
        kept = await form.sign_in(Typed("", f"  {SECRET}\n"), {"A": "b"})
        return kept, (await chain_of(form).get({})).value

    assert asyncio.run(scene()) == ("session", SECRET)
    assert tried == [(Typed("", SECRET), {"A": "b"})]


def test_a_password_is_taken_as_it_is(tmp_path, tried):
    form = make(tmp_path, tried, kind="password")

    async def scene():
        with pytest.raises(UsageError, match="user name"):
            await form.sign_in(Typed("", "p"), {})
        await form.sign_in(Typed("ben", " p "), {})
        return await form.typed()

    assert asyncio.run(scene()) == Typed("ben", " p ")


@pytest.mark.parametrize("bad", ["wrong", "down"])
def test_what_is_not_accepted_is_not_kept(form, bad):
    async def scene():
        with pytest.raises((AuthError, RemoteUnavailableError)):
            await form.sign_in(Typed("", bad), {})
        assert await form.typed() is None
        await form.sign_in(Typed("", SECRET), {})
        with pytest.raises((AuthError, RemoteUnavailableError)):
            await form.sign_in(Typed("", bad), {})
        return await form.typed()

    assert asyncio.run(scene()) == Typed("", SECRET)


def test_what_the_service_refuses_later_is_forgotten_and_asked_for(form):
    async def scene():
        old, new = Typed("", "old"), Typed("", "new")
        await form.sign_in(old, {})
        error = await form.refused(old, AuthError("Lab does not accept the password."))
        assert await form.typed() is None
        await form.sign_in(new, {})
        await form.refused(old, AuthError("Late."))
        assert await form.typed() == new
        return error

    error = asyncio.run(scene())
    assert error.message == "Lab does not accept the password."
    assert error.details == {"device": form.id}


def test_who_waits_goes_on_at_the_sign_in(form):
    async def scene():
        reasons = chain_of(form).refusals({})
        first = await anext(reasons)
        upcoming = asyncio.ensure_future(anext(reasons, None))
        await asyncio.sleep(0)
        await form.sign_in(Typed("", SECRET), {})
        async with asyncio.timeout(2):  # its own next question is three seconds away
            return first.details, await upcoming

    assert asyncio.run(scene()) == ({"device": form.id}, None)


def test_after_a_sign_out_no_token_is_left(form):
    async def scene():
        chain = chain_of(form)
        await form.sign_in(Typed("", SECRET), {})
        await chain.get({})
        await form.sign_out()
        with pytest.raises(AuthError, match="not signed in"):
            await chain.get({})

    asyncio.run(scene())


def test_a_token_that_the_service_refuses_says_where_to_give_another(form):
    class Lab(Dialect):
        def credentials(self, token):
            return {"Authorization": f"Bearer {token.value}"}

        def refusal(self, response):
            return AuthError("Lab no longer accepts your token.")

    async def scene(server):
        http = RemoteClient("Lab", tls=TLS, timeout_s=30)
        client = AuthorisedClient(
            server.url, http=http, tokens=chain_of(form), dialect=Lab(), environment={}
        )
        await form.sign_in(Typed("", SECRET), {})
        try:
            with pytest.raises(AuthError, match="no longer accepts") as caught:
                await client.json("GET", "/x")
            return caught.value.details
        finally:
            await http.close()

    with FakeRucio() as server:
        server.says("/x", Answer(status=401))
        assert asyncio.run(scene(server)) == {"device": form.id}


def test_equal_forms_are_one_and_others_are_not(tmp_path, tried):
    ids = {
        make(tmp_path, tried, kind=kind, about=about).id
        for kind in ("token", "password")
        for about in (("lab", "https://a"), ("lab", "https://b"), ("lab", "https://a"))
    }
    assert len(ids) == 4


def test_nothing_secret_is_shown(form, caplog):
    caplog.set_level("DEBUG")

    async def scene():
        await form.sign_in(Typed("", SECRET), {})
        return repr(await form.typed()), repr(form), repr(await chain_of(form).get({}))

    for shown in (*asyncio.run(scene()), caplog.text):
        assert SECRET not in shown


@pytest.mark.parametrize("text", ["p\nq", "p\0", "p\x7f", "пароль", "p\x85"])
def test_what_no_header_can_hold_is_not_sent(text):
    with pytest.raises(ValueError, match="not a header value") as caught:
        header_value(text)
    assert text not in str(caught.value)


def test_a_header_is_written_as_other_clients_write_it():
    assert header_value("pässwörd") == "pässwörd".encode("latin-1")
