"""A browser without a window: cookies, redirects and forms, to sign in as a user does."""

import http.client
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_PAGES = 10


@dataclass(frozen=True)
class Form:
    """A form of a page.

    ``fields`` maps the names of its inputs to what they hold, ``buttons`` those of its submit
    buttons.
    """

    id: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """The current page: where the last redirect led, also an error page."""

    status: int
    url: str
    text: str
    headers: Mapping[str, str]

    @property
    def forms(self) -> list[Form]:
        """The forms of the page, actions absolute."""
        reader = _Forms(self.url)
        reader.feed(self.text)
        return reader.forms

    @property
    def query(self) -> dict[str, str]:
        """What follows ``?`` in its address, the last value of each name."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query))


class Browser:
    """One user's browser.

    Parameters
    ----------
    until : str
        A redirect to an address that begins so is not followed: the page is that redirect, its
        ``url`` the address. Empty to follow all.
    timeout_s : float
        For every single answer.
    """

    def __init__(self, *, until: str = "", timeout_s: float = 60) -> None:
        # Keycloak marks its cookies Secure, and browsers take those from 127.0.0.1 all the same.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))
        self.cookies = http.cookiejar.CookieJar(policy)
        self.until = until
        self._timeout_s = timeout_s
        self._redirects = _Redirects()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
            self._redirects,
        )

    def open(
        self,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Open an address, or post a form to it; gives the page that one arrives at.

        Raises
        ------
        OSError
            The address does not answer, or not in time.
        """
        self._redirects.until, self._redirects.stopped_at = self.until, ""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(url, body, dict(headers or {}))  # noqa: S310 - the test's
        try:
            answer = self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            text = answer.read().decode(errors="replace")
            where = self._redirects.stopped_at or answer.url
            return Page(answer.status, where, text, answer.headers)

    def submit(self, form: Form, fields: Mapping[str, str] | None = None, button: str = "") -> Page:
        """Fill a form, press one of its buttons if named, and give the page that follows."""
        pressed = {button: form.buttons[button]} if button else {}
        values = {**form.fields, **(fields or {}), **pressed}
        if form.method == "post":
            return self.open(form.action, values)
        return self.open(f"{form.action.partition('?')[0]}?{urllib.parse.urlencode(values)}")

    def sign_in(self, url: str, username: str, password: str) -> Page:
        """Open an address that leads to Keycloak's sign-in, and complete the sign-in.

        Requests to grant access are accepted; a user who is already signed in is not asked
        again.

        Returns
        -------
        Page
            The first page that is not one of Keycloak's forms.

        Raises
        ------
        ValueError
            Keycloak does not accept name and password.
        """
        page = self.open(url)
        filled = False
        for _ in range(_PAGES):
            forms = {form.id: form for form in page.forms}
            if login := forms.get("kc-form-login"):
                if filled:
                    raise ValueError(f"Keycloak does not accept {username} with this password.")
                page = self.submit(login, {"username": username, "password": password})
                filled = True
            elif grant := next((one for one in forms.values() if "accept" in one.buttons), None):
                page = self.submit(grant, button="accept")
            else:
                return page
        raise ValueError(f"Keycloak asks again and again, now at {page.url}.")


class _Redirects(urllib.request.HTTPRedirectHandler):
    until = ""
    stopped_at = ""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Follow, or not; None makes the redirect itself the answer."""
        if self.until and newurl.startswith(self.until):
            self.stopped_at = newurl
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Forms(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._base = base
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and what is in them."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            action = urllib.parse.urljoin(self._base, given.get("action", ""))
            method = given.get("method", "get").lower()
            self.forms.append(Form(given.get("id", ""), action, method))
        elif self._open and tag in ("input", "button") and given.get("name"):
            kind = given.get("type", "submit" if tag == "button" else "text").lower()
            form = self.forms[-1]
            if kind == "submit":
                form.buttons[given["name"]] = given.get("value", "")
            elif kind not in ("checkbox", "radio") or "checked" in given:
                form.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        self._open = self._open and tag != "form"
