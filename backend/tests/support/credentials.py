"""Create keys of a host application, valid and invalid tokens, and key sets."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "a secret of the tests, of more than 32 bytes"
ED25519_KEY, RSA_KEY, EC_KEY = (
    ed25519.Ed25519PrivateKey.generate(),
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
)
UNREGISTERED_KEY = rsa.generate_private_key(65537, 2048)
RSA_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
#: Every credential that a test created or used. No server may print one of them (A6).
REGISTERED_CREDENTIALS: set[str] = set()
_WORD = re.compile(r"[\w-]{10,}")


def jwk(algorithm: str, key: Any, **fields: str) -> dict[str, Any]:
    """Convert a public key to a JSON Web Key of a key set."""
    web_key: dict[str, Any] = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return web_key | {"alg": algorithm, "use": "sig"} | fields


KEY_SET = {
    "keys": [
        jwk("EdDSA", ED25519_KEY, kid="ed"),
        jwk("RS256", RSA_KEY, kid="rsa"),
        jwk("ES256", EC_KEY, kid="ec"),
        {"kty": "odd"},
    ]
}


def claims(*, items: object = None, **fields: object) -> dict[str, Any]:
    """Build the claims of Ada's token, valid for an hour; pass `...` as a claim to leave it out."""
    now = time.time()
    values = {
        "sub": "ada",
        "exp": int(now) + 3600,
        "iat": now,
        "items": {"foo": "rw"} if items is None else items,
        **fields,
    }
    return {name: value for name, value in values.items() if value is not ...}


def token(
    *, key: Any = SECRET, algorithm: str = "HS256", headers: Mapping[str, Any] | None = None, **changes: Any
) -> str:  # Any: an invalid token has any claims
    """Sign a token with these claims (see `claims`)."""
    return register_credential(jwt.encode(claims(**changes), key, algorithm=algorithm, headers=dict(headers or {})))


def auth_headers(item: str, rights: str, sub: str = "ada") -> dict[str, str]:
    """Return the headers of a member with these rights on the item."""
    return {"Authorization": f"Bearer {token(sub=sub, items={item: rights})}"}


def raw_token(header: object, payload: object, secret: bytes = SECRET.encode(), *, signed: bool = True) -> str:
    """Encode a token with any header and payload, also one that no library would create.

    Args:
        header: The header: bytes, or a value to encode as JSON.
        payload: The payload, likewise.
        secret: The key of the HMAC.
        signed: Whether the signature is the HMAC; otherwise it is empty.

    """
    parts = [base64url(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, payload)]
    signature = hmac.digest(secret, ".".join(parts).encode(), hashlib.sha256) if signed else b""
    return register_credential(".".join([*parts, base64url(signature)]))


def register_request_credentials(path: str, headers: Mapping[str, str]) -> None:
    """Register the credentials in the path and the headers of a request."""
    for name, value in parse_qsl(urlsplit(path).query):
        if name == "token":
            register_credential(value)
    for cookie in headers.get("Cookie", "").split(";"):
        register_credential(cookie.partition("=")[2])
    register_credential(headers.get("Authorization", "").partition(" ")[2])


def leaked_credentials(printed: str) -> set[str]:
    """Return the registered credentials that appear in a text, whole or in part.

    Words of less than ten characters are ignored, because servers print them for other reasons.
    """
    # Hypothesis uses names from the source, such as `query_string`, as credentials; a traceback may print them.
    words = {word for credential in REGISTERED_CREDENTIALS for word in _WORD.findall(credential.rpartition(".")[2])}
    random_words = {word for word in words if not (word.isidentifier() and word.islower())}
    return (random_words & set(_WORD.findall(unquote(printed)))) | ({SECRET} if SECRET in printed else set())


def base64url(part: bytes) -> str:
    """Encode bytes as base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def register_credential(credential: str) -> str:
    """Register a credential that must never be printed, and return it."""
    REGISTERED_CREDENTIALS.add(credential)
    return credential


class KeyServer:
    """An HTTP server with the key set of a host application, which counts the requests."""

    def __init__(self) -> None:
        self.body: bytes = json.dumps(KEY_SET).encode()
        self.status = 200
        #: The URL to which requests for `/jwks.json` are redirected; None: they are answered.
        self.location: str | None = None
        self.requests = 0
        #: The `Authorization` header of the last request.
        self.authorization: str | None = None
        #: Whether the body of the response consists of single bytes without end.
        self.body_is_endless = False
        #: Whether the head of the response does.
        self.head_is_endless = False
        self.stopped = threading.Event()
        key_server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Respond with the key set."""
                key_server.requests += 1
                key_server.authorization = self.headers["Authorization"]
                with suppress(BrokenPipeError, ConnectionResetError):
                    while key_server.head_is_endless and not key_server.stopped.wait(0.02):
                        self.wfile.write(b"H")
                if key_server.location is not None and self.path == "/jwks.json":
                    self.send_response(302)
                    self.send_header("Location", key_server.location)
                    self.end_headers()
                    return
                self.send_response(key_server.status)
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):
                    while key_server.body_is_endless and not key_server.stopped.wait(0.02):
                        self.wfile.write(b" ")
                    self.wfile.write(key_server.body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def serve_keys(self, *keys: dict[str, Any]) -> None:
        """Serve these keys from now on."""
        self.body = json.dumps({"keys": keys}).encode()


@contextmanager
def run_key_server() -> Iterator[KeyServer]:
    """Run a key server while the block runs."""
    server = KeyServer()
    server._thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server._server.shutdown()
        server._server.server_close()
        server._thread.join()
