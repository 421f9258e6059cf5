"""A visitor of a hub by plain HTTP, as a browser would be."""

import html
import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, whatever its status; the names of its headers in lower case."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def call(
    method: str,
    url: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
    opener: urllib.request.OpenerDirector | None = None,
) -> Answer:
    """Send a request, a body as JSON, and return the answer."""
    sent = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(  # noqa: S310 (always http, to ourselves)
        url, method=method, data=body, headers=sent
    )
    opener = opener or urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            return Answer(answer.status, answer.url, _lower(answer.headers), answer.read())
    except urllib.error.HTTPError as e:
        with e:
            return Answer(e.code, e.url or url, _lower(e.headers), e.read())


def _lower(headers: Message) -> dict[str, str]:
    """Return headers with lower-case names, whether the proxy passed them or not."""
    return {name.lower(): value for name, value in headers.items()}


class Visitor:
    """A browser without a window: keeps cookies, follows redirects.

    Parameters
    ----------
    url : str
        The hub's address.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        # To a browser, this machine is as good as TLS: it sends Secure cookies.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.cookies = http.cookiejar.CookieJar(policy)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def call(self, method: str, url: str, **options: Any) -> Answer:
        """Send a request to a path of the hub, or to a URL."""
        return call(method, urllib.parse.urljoin(self._url, url), opener=self._opener, **options)

    def get(self, url: str) -> Answer:
        """Open a page."""
        return self.call("GET", url)

    def api(self, method: str, path: str, body: Any = None) -> Answer:
        """Call the hub's API as its own pages do, with cookies and the XSRF token."""
        tokens = [cookie.value or "" for cookie in self.cookies if cookie.name == "_xsrf"]
        headers = {"X-XSRFToken": tokens[-1] if tokens else ""}
        return self.call(method, f"hub/api/{path}", body=body, headers=headers)

    def sign_in(
        self, user: str, password: str = "", *, at: str = "hub/oauth_login?next=/hub/home"
    ) -> Answer:
        """Sign in with the provider's form; returns the final page."""
        page = self.get(at)
        if 'id="kc-form-login"' not in page.text:
            return page  # the provider knew the visitor still, or something went wrong
        form = page.text[page.text.rindex("<form", 0, page.text.index('id="kc-form-login"')) :]
        action = re.search(r'<form[^>]*action="([^"]+)"', form)
        method = re.search(r'<form[^>]*method="(\w+)"', form)
        if action is None:
            raise ValueError("The provider's page has no form.")
        fields = {
            html.unescape(name): html.unescape(value)
            for name, value in re.findall(
                r'<input type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form
            )
        }
        fields |= {"username": user, "password": password}
        target = html.unescape(action[1])
        data = urllib.parse.urlencode(fields)
        if method and method[1].lower() == "get":
            return self.get(f"{target}?{data}")
        return self.call("POST", target, body=data.encode())
