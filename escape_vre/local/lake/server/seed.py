"""Fills a new lake over Rucio's own REST API: accounts, sites, sample data."""

from ..layout import HOST, PREFIX, SITES, Layout, Ports
from ..rest import Rest, path

_QUOTA_BYTES = 10**12
_ALLOWED = {"read": 1, "write": 1, "delete": 1}


def ensure(layout: Layout, ports: Ports) -> None:
    """Fill the lake if that was never finished, and make its sites' ports the present ones."""
    with Rest(
        f"https://{HOST}:{ports['rucio']}",
        account="root",
        password_file=layout.password("root"),
        ca_file=layout.ca,
    ) as rest:
        if not layout.seeded.exists():
            _accounts(rest, layout)
            for site in SITES:
                _site(rest, site)
        for site in SITES:
            layout.site(site).joinpath(PREFIX.strip("/")).mkdir(parents=True, exist_ok=True)
            _protocol(rest, site, ports["sites"][site])
        layout.seeded.touch()


def _accounts(rest: Rest, layout: Layout) -> None:
    rest.call("POST", path("accounts", "demo"), {"type": "USER", "email": "demo@localhost"})
    identity = {
        "identity": "demo",
        "authtype": "USERPASS",
        "default": True,
        "email": "demo@localhost",
        "password": layout.password("demo").read_text().strip(),
    }
    rest.call("POST", path("accounts", "demo", "identities"), identity)
    for scope in ("demo", "user.demo", "cms"):
        rest.call("POST", path("accounts", "demo", "scopes", scope))


def _site(rest: Rest, site: str) -> None:
    rest.call("POST", path("rses", site), {"deterministic": True, "volatile": False})
    for key, value in (("site", site), ("synthetic", "yes")):
        rest.call("POST", path("rses", site, "attr", key), {"value": value})
    for other in SITES:
        if other < site:
            for one, two in ((site, other), (other, site)):
                rest.call("POST", path("rses", one, "distances", two), {"distance": 1})
    quota = {"bytes": _QUOTA_BYTES}
    rest.call("POST", path("accounts", "demo", "limits", "local", site), quota)
    rest.call("POST", path("accounts", "root", "limits", "local", site), quota)


def _protocol(rest: Rest, site: str, port: int) -> None:
    known = rest.call("GET", path("rses", site))[0]["protocols"]
    if any(one["port"] == port for one in known):
        return
    if known:
        rest.call("DELETE", path("rses", site, "protocols", "https"))
    protocol = {
        "hostname": HOST,
        "port": port,
        "prefix": f"{PREFIX}/",
        "impl": "rucio.rse.protocols.webdav.Default",
        "domains": {
            "lan": _ALLOWED,
            "wan": {**_ALLOWED, "third_party_copy_read": 1, "third_party_copy_write": 1},
        },
        "extended_attributes": None,
    }
    rest.call("POST", path("rses", site, "protocols", "https"), protocol)
