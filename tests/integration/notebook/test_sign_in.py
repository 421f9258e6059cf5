"""``%dl`` when a sign-in is in the way: a sentence with a link in its place, then on it goes."""

import json

import pytest

from escape_vre.testing.device import DeviceProvider
from escape_vre.testing.fake_hub import SIGN_IN, FakeHub
from tests.integration.datalake.test_bad_luck import _token
from tests.integration.notebook.test_kernel import kernel

LINK = f"https://hub.example.org{SIGN_IN}"

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore:Kernel is running over TCP"
)


class Shown:
    """What a cell displays, as it comes; does something when that has come."""

    def __init__(self, react):
        self.react = react
        self.plain = []
        self.rich = []
        self.errors = []

    def __call__(self, message):
        content = message["content"]
        if message["msg_type"] == "error":
            self.errors.append("\n".join(content["traceback"]))
        if "data" in content:
            self.plain.append(content["data"].get("text/plain", ""))
            self.rich.append(content["data"].get("text/html", ""))
            self.react(content["data"].get("text/html", ""))
        elif message["msg_type"] == "stream":
            self.plain.append(content["text"])


@pytest.fixture
def python(lake, configure, own_agent, tmp_path, monkeypatch):
    """Start a kernel whose lake is signed in to in some way."""

    def start(**sign_in):
        (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
        names = ("name", "title", "url", "ca_file", "storage_cert_file")
        entry = {name: lake.instance()[name] for name in names}
        configure(DataLake={"instances": [{**entry, **sign_in}]})
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        return kernel(tmp_path)

    return start


@pytest.fixture
def hub(lake, monkeypatch):
    with FakeHub(audiences={"rucio": lambda: _token(lake)}) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_get_that_waits_shows_the_link_and_goes_on(python, hub):
    hub.mood = "sign_in"

    def sign_in(html):
        if LINK.replace("&", "&amp;") in html:
            hub.mood = "well"

    shown = Shown(sign_in)
    with python(auth="hub") as running:
        running.client.execute_interactive(
            "%dl get demo:fermi.lightcurves", timeout=60, output_hook=shown
        )
    (link,) = {html for html in shown.rich if "<a " in html}
    assert "Your session at the identity provider has ended." in link
    assert "target='_blank' rel='noopener'>Sign in</a>" in link
    assert shown.plain[-1].startswith("demo:fermi.lightcurves: 5 files")
    assert shown.errors == []


def test_a_listing_gives_the_link_in_its_error(python, hub):
    hub.mood = "sign_in"
    with python(auth="hub") as running:
        status, text = running.text("%dl ls")
    assert status == "error"
    assert text.splitlines()[-1] == f"Sign in: {LINK}"
    assert "Traceback" not in text


def test_a_login_shows_a_code_that_goes_when_it_was_used(python, lake):
    with DeviceProvider(mint=lambda: _token(lake), interval_s=0.1) as provider:

        def enter(html):
            for code in provider.codes.copy().values():
                if code.user_code in html:
                    code.state = "approved"

        shown = Shown(enter)
        sign_in = {"auth": "oidc", "issuer": provider.issuer, "client_id": "escape-vre"}
        with python(**sign_in) as running:
            running.client.execute_interactive("%dl login", timeout=60, output_hook=shown)
            _, out = running.text("%dl logout")
    assert f"{provider.issuer}/enter?user_code=" in shown.rich[0]
    assert "rel='noopener'" in shown.rich[0]
    assert shown.rich[1] == ""
    assert shown.plain[-1].strip() == "You are signed in: demo at Demo data lake."
    assert out.strip() == "You are signed out of Demo data lake."


def test_stop_gives_the_code_up(python, lake):
    with DeviceProvider(mint=lambda: _token(lake), interval_s=0.1) as provider:
        sign_in = {"auth": "oidc", "issuer": provider.issuer, "client_id": "escape-vre"}
        with python(**sign_in) as running:
            shown = Shown(lambda html: html and running.manager.interrupt_kernel())
            running.client.execute_interactive("%dl login", timeout=60, output_hook=shown)
    (error,) = shown.errors
    assert "You are not signed in" in error
    assert "Traceback" not in error
