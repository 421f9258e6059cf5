"""Asks the lake's Rucio as the holder of a token."""

import http.client
import json
import ssl


def ask(lake, token, method="GET", path="/dids/demo/fermi.lightcurves", body=None, **headers):
    """Send one request to Rucio with a token; gives status and what it said."""
    tls = ssl.create_default_context(cafile=lake.layout.ca)
    port = lake.layout.ports()["rucio"]
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=30)
    sent = {
        "X-Rucio-Auth-Token": token,
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    connection.request(method, path, None if body is None else json.dumps(body), sent)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, answer.headers.get("Location") or said


def who(lake, token, **headers):
    """Give the account that Rucio knows a token's holder by, or the status of its refusal."""
    status, said = ask(lake, token, path="/accounts/whoami", **headers)
    return said.rpartition("/")[2] if status == 303 else status


def token_of(lake, account):
    """Sign in with the account's password; gives Rucio's own token."""
    tls = ssl.create_default_context(cafile=lake.layout.ca)
    port = lake.layout.ports()["rucio"]
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls, timeout=30)
    password = lake.layout.password(account).read_text().strip()
    connection.request(
        "GET",
        "/auth/userpass",
        headers={
            "X-Rucio-Account": account,
            "X-Rucio-Username": account,
            "X-Rucio-Password": password,
        },
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["X-Rucio-Auth-Token"]
