"""A tiny identity provider that signs whatever a test wants: true tokens and every false one."""

import base64
import json
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from escape_vre.testing.loopback import Handler, Server


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value, size=None):
    return text(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class RsaKey:
    """A key of the sort that Keycloak and IAM sign with."""

    algorithm = "RS256"

    def __init__(self, kid):
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self):
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}

    def sign(self, content):
        return self.private.sign(content, padding.PKCS1v15(), hashes.SHA256())


class EcKey:
    """A key of the other sort in use."""

    algorithm = "ES256"

    def __init__(self, kid):
        self.kid = kid
        self.private = ec.generate_private_key(ec.SECP256R1())

    def public(self):
        numbers = self.private.public_key().public_numbers()
        x, y = number(numbers.x, 32), number(numbers.y, 32)
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def sign(self, content):
        r, s = decode_dss_signature(self.private.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Provider:
    """Publishes keys on loopback; can be stopped, started again on its port, and made wrong.

    ``asked`` counts requests by path. What ``answers`` holds for a path is sent in place of
    the proper answer; while ``held`` is clear, requests wait.
    """

    def __init__(self):
        self.keys = [RsaKey("first")]
        self.asked = []
        self.answers = {}
        self.held = threading.Event()
        self.held.set()
        self.port = 0
        self.start()

    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.port}/realms/test"

    def start(self):
        provider = self

        class Answers(Handler):
            protocol_version = "HTTP/1.0"  # nothing is open when the provider has stopped

            def do_GET(self):
                provider.asked.append(self.path)
                provider.held.wait(60)
                said = provider.answers.get(self.path, provider.proper(self.path))
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send(200 if said is not None else 404, body)

        self.server = Server(Answers, port=self.port)
        self.port = self.server.server_port

    def stop(self):
        self.held.set()
        self.server.end()

    def proper(self, path):
        if path == "/realms/test/.well-known/openid-configuration":
            return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        if path == "/realms/test/keys":
            listed = [{**key.public(), "kid": key.kid, "use": "sig"} for key in self.keys]
            return {"keys": [{"kty": "RSA", "use": "enc", "kid": "secrecy"}, *listed]}
        return None

    def token(self, subject="alice-1", *, key=None, header=None, signature=None, **claims):
        """Sign a token, by default one that is good; a claim of None is left out."""
        key = key or self.keys[0]
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "sub": subject,
            "aud": ["rucio", "account"],
            "scope": "openid profile email",
            "iat": now,
            "exp": now + 300,
            "jti": f"{time.monotonic_ns()}",
        }
        said |= claims
        said = {name: value for name, value in said.items() if value is not None}
        top = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid, **(header or {})}
        content = f"{text(json.dumps(top).encode())}.{text(json.dumps(said).encode())}"
        signed = key.sign(content.encode()) if signature is None else signature
        return f"{content}.{text(signed)}"
