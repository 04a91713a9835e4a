"""Test key sets from a file and over HTTP: rotation, limits and invalid sets (A3)."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from alcove.access.keyset import KeySet
from alcove.errors import SettingsError
from tests.support import endpoints
from tests.support.credentials import (
    EC_KEY,
    ED25519_KEY,
    KEY_SET,
    RSA_KEY,
    SECRET,
    KeyServer,
    jwk,
    run_key_server,
    token,
)
from tests.support.endpoints import ACCEPTED, query
from tests.support.servers import ON_ONE_CARRIER, Start


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """Run a host application's key server."""
    with run_key_server() as server:
        yield server


async def load_key_set(source: str, **bounds: float) -> KeySet:
    """Create a key set, and read it from its source."""
    key_set = KeySet(source, **bounds)
    await key_set.start()
    return key_set


@ON_ONE_CARRIER
async def test_a3_server_reads_its_keys_from_a_url(serve: Start, keys: KeyServer) -> None:
    server = serve(ALCOVE_JWKS=keys.url)
    requests_before = keys.requests

    for kid, key, algorithm in (("ed", ED25519_KEY, "EdDSA"), ("rsa", RSA_KEY, "RS256"), ("ec", EC_KEY, "ES256")):
        valid = token(key=key, algorithm=algorithm, headers={"kid": kid})
        assert (await endpoints.room(server, query(valid))).code == ACCEPTED
    assert keys.requests == requests_before
    outcome = await endpoints.room(server, query(token()))
    assert (outcome.code, "not EdDSA or RS256 or ES256" in outcome.reason) == (4401, True)


@ON_ONE_CARRIER
async def test_a3_new_key_is_fetched_once_for_its_first_tokens(serve: Start, keys: KeyServer) -> None:
    keys.serve_keys(jwk("EdDSA", ED25519_KEY, kid="old"))
    server = serve(ALCOVE_JWKS=keys.url)
    new_key = ed25519.Ed25519PrivateKey.generate()
    keys.serve_keys(jwk("EdDSA", new_key, kid="new"))

    tokens = [token(key=new_key, algorithm="EdDSA", headers={"kid": "new"}, jti=str(number)) for number in range(20)]
    requests_before = keys.requests
    outcomes = await asyncio.gather(*(endpoints.room(server, query(credential)) for credential in tokens))
    assert {outcome.code for outcome in outcomes} == {ACCEPTED}
    assert keys.requests - requests_before == 1
    # The set no longer contains the old key.
    assert (
        await endpoints.room(server, query(token(key=ED25519_KEY, algorithm="EdDSA", headers={"kid": "old"})))
    ).code == 4401


async def test_a3_many_unknown_keys_cause_one_read_of_the_set_per_interval(keys: KeyServer) -> None:
    key_set = await load_key_set(keys.url)
    requests_before = keys.requests
    keys_found = await asyncio.gather(*(key_set.find(f"unknown {number}") for number in range(100)))
    for number in range(100):
        assert await key_set.find(f"unknown too {number}") is None

    assert set(keys_found) == {None}
    assert keys.requests - requests_before == 1


async def test_a3_known_keys_stay_valid_while_the_set_is_unreadable(keys: KeyServer) -> None:
    key_set = await load_key_set(keys.url, retry_s=0)
    for keys.status, keys.body in ((500, b""), (200, b"<html>"), (200, b'{"keys":[]}'), (200, b"[" * 100_000)):
        assert await key_set.find("unknown") is None
        assert await key_set.find("ed") is not None
    keys.body = json.dumps(KEY_SET).encode()
    assert await key_set.find("rsa") is not None


async def test_a3_key_without_an_id_is_used_if_it_is_the_only_one(tmp_path: Path) -> None:
    source = tmp_path / "jwks.json"
    source.write_text(json.dumps({"keys": [jwk("EdDSA", ED25519_KEY)]}))
    for address in (str(source), source.as_uri()):
        assert await (await load_key_set(address)).find(None) is not None
        assert await (await load_key_set(address)).find("x") is None


async def test_a3_key_set_that_arrives_slowly_times_out(keys: KeyServer) -> None:
    keys.body_is_endless = True

    with pytest.raises(SettingsError, match=r"longer than 0\.2 s"):
        await load_key_set(keys.url, fetch_s=0.2)


async def test_a3_key_set_with_slow_headers_times_out(keys: KeyServer) -> None:
    key_set = await load_key_set(keys.url, retry_s=0, fetch_s=0.2)
    keys.head_is_endless = True

    assert await key_set.find("unknown") is None
    assert await key_set.find("ed") is not None


async def test_a3_key_set_url_may_contain_a_password(keys: KeyServer, caplog: pytest.LogCaptureFixture) -> None:
    key_set = await load_key_set(keys.url.replace("//", "//us%40er:pass-of-the-set@"), retry_s=0)
    assert keys.authorization == f"Basic {b64encode(b'us@er:pass-of-the-set').decode()}"
    keys.status = 500
    assert await key_set.find("unknown") is None

    assert "cannot be read" in caplog.text
    assert "pass-of-the-set" not in caplog.text


WEAK_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
#: Key sets without a usable key, each with a part of the expected message.
UNUSABLE_KEY_SETS: dict[str, tuple[Any, str]] = {
    "no JSON": ("keys", "Expecting value"),
    "a list": ([], "no list `keys`"),
    "no keys": ({}, "no list `keys`"),
    "keys an object": ({"keys": {}}, "no list `keys`"),
    "keys empty": ({"keys": []}, "no public key"),
    "keys in words": ({"keys": ["ed"]}, "no public key"),
    "a shared secret": ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "no public key"),
    "a private key": ({"keys": [jwk("EdDSA", ED25519_KEY) | {"d": "AAAA"}]}, "no public key"),
    "a key for encryption": ({"keys": [jwk("RS256", RSA_KEY) | {"use": "enc"}]}, "no public key"),
    "a key of 1024 bits": ({"keys": [jwk("RS256", WEAK_KEY)]}, "no public key"),
    "another algorithm": ({"keys": [jwk("RS256", RSA_KEY) | {"alg": "RS512"}]}, "no public key"),
    "half a key": ({"keys": [{"kty": "RSA", "n": "AQAB", "alg": "RS256"}]}, "no public key"),
    "a key that is none": ({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}, "no public key"),
    "an unknown curve": ({"keys": [{"kty": "EC", "crv": "P-0", "x": "AA", "y": "AA"}]}, "no public key"),
    "deep": ("[" * 100_000, "recursion"),
    "large": (" " * 2_000_000, "larger than"),
}


@pytest.mark.parametrize("kind", UNUSABLE_KEY_SETS)
async def test_a3_unusable_key_set_is_reported_in_one_line(tmp_path: Path, keys: KeyServer, kind: str) -> None:
    document, reason = UNUSABLE_KEY_SETS[kind]
    text = document if isinstance(document, str) else json.dumps(document)
    source = tmp_path / "jwks.json"
    source.write_text(text)
    keys.body = text.encode()

    for address in (str(source), keys.url):
        with pytest.raises(SettingsError, match=reason) as error:
            await load_key_set(address)
        assert len(str(error.value).splitlines()) == 1


async def test_a3_unusable_keys_do_not_affect_the_others(tmp_path: Path) -> None:
    unusable_keys = [
        key
        for document, _ in UNUSABLE_KEY_SETS.values()
        if isinstance(document, dict)
        for key in document.get("keys", ())
    ]
    source = tmp_path / "jwks.json"
    source.write_text(json.dumps({"keys": [*unusable_keys, jwk("ES256", EC_KEY, kid="ec")]}))

    assert await (await load_key_set(str(source))).find("ec") is not None


@ON_ONE_CARRIER
async def test_a3_key_set_and_secret_may_be_used_together(serve: Start, keys: KeyServer) -> None:
    server = serve(ALCOVE_JWKS=keys.url, ALCOVE_SECRET=SECRET)

    assert (await endpoints.room(server, query(token()))).code == ACCEPTED
    assert (
        await endpoints.room(server, query(token(key=ED25519_KEY, algorithm="EdDSA", headers={"kid": "ed"})))
    ).code == ACCEPTED


@pytest.mark.parametrize("location", ["/keys.json", "{url}/keys.json", "{URL}/keys.json"])
async def test_a3_redirect_within_the_origin_is_followed(keys: KeyServer, location: str) -> None:
    origin = keys.url.removesuffix("/jwks.json")
    keys.location = location.format(url=origin, URL=origin.replace("http", "HTTP"))

    assert await (await load_key_set(keys.url)).find("ed") is not None


@pytest.mark.parametrize(
    "location", ["{other}", "http://localhost:{port}/keys.json", "//{other_host}/jwks.json", "file:///etc/passwd"]
)
async def test_a3_redirect_to_another_origin_is_not_followed(keys: KeyServer, location: str) -> None:
    with run_key_server() as other_origin:
        keys.location = location.format(
            other=other_origin.url, other_host=other_origin.url.split("/")[2], port=keys.url.split(":")[2].split("/")[0]
        )
        with pytest.raises(SettingsError, match=r"is not a key set: .*(another origin|not allowed)"):
            await load_key_set(keys.url)

    assert (keys.requests, other_origin.requests) == (1, 0)
