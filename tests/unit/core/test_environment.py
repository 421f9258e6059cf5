"""The agent gets the variables that are listed, and no others."""

from escape_vre.core.environment import MORE, allowed

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "1",
    "BEARER_TOKEN": "2",
    "ESCAPE_VRE_CLIENT_SECRET": "3",
    "ESCAPE_VRE_HUB_KEYS": "4",
    "JPY_API_TOKEN": "5",
    "JUPYTERHUB_API_TOKEN": "6",
    "JUPYTER_TOKEN": "7",
    "OIDC_TOKEN": "8",
    "PYTHONANYWHERE_API_TOKEN": "9",
    "REANA_ACCESS_TOKEN": "10",
    "RUCIO_PASSWORD": "11",
    "SCRATCH_TOKEN": "12",
    "SSL_CERT_DIR": "of-a-program",
    "SSL_CERT_FILE": "of-a-program",
    "X509_USER_PROXY": "13",
    "ZENODO_ACCESS_TOKEN": "14",
}
NEEDED = {
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1/bus",
    "HOME": "/home/anna",
    "LC_ALL": "C.UTF-8",
    "LD_PRELOAD": "shim.so",
    "PATH": "/bin",
    "PYTHONPATH": "/p",
    "TMPDIR": "/t",
    "XDG_RUNTIME_DIR": "/run/user/1",
}


def test_what_is_not_listed_stays_out():
    assert allowed(SECRETS | NEEDED) == NEEDED


def test_a_site_lists_more_by_name():
    more = {MORE: "SCRATCH, WORK", "SCRATCH": "/s", "WORK": "/w"}
    assert allowed(SECRETS | NEEDED | more) == NEEDED | more
