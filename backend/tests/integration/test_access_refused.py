"""Test that invalid credentials are refused at every endpoint, with the reason (A1–A5, H3, H4)."""

import json
import time
from collections.abc import Callable

import pytest

from tests.support import endpoints
from tests.support.clients import refusal_status
from tests.support.credentials import (
    EC_KEY,
    KEY_SET,
    RSA_KEY,
    RSA_PEM,
    SECRET,
    UNREGISTERED_KEY,
    claims,
    jwk,
    raw_token,
    token,
)
from tests.support.endpoints import Credential, bearer, cookie, query
from tests.support.servers import Server

HS256_HEADER = {"alg": "HS256", "typ": "JWT"}
#: The number of characters cut off the end of a signature.
CUT_CHARACTERS = 20


def alter_token(part: int) -> str:
    """Return a token in which one part is replaced by the same part of another valid token."""
    parts, other_parts = token().split("."), token(sub="eve", headers={"kid": "x"}).split(".")
    return ".".join([*parts[:part], other_parts[part], *parts[part + 1 :]])


def pem_as_secret() -> str:
    """Return a token signed with HS256, with the text of the public key as the secret: a known attack."""
    return raw_token({"alg": "HS256", "kid": "rsa"}, claims(), RSA_PEM)


#: Invalid credentials, each with a part of the expected reason. They are refused with 4401 or HTTP 401.
INVALID_CREDENTIALS: dict[str, tuple[Callable[[], Credential], str]] = {
    "nothing": (Credential, "no credential"),
    "an empty token": (lambda: query(""), "no credential"),
    "an empty cookie": (lambda: cookie(""), "no credential"),
    "an empty header": (lambda: Credential({}, {"Authorization": "Bearer"}), "no credential"),
    "another scheme": (lambda: Credential({}, {"Authorization": f"Basic {token()}"}), "no credential"),
    "no scheme": (lambda: Credential({}, {"Authorization": token()}), "no credential"),
    "words": (lambda: query("let me in"), "segments"),
    "dots": (lambda: query("..."), "not valid"),
    "one part": (lambda: query("e30"), "segments"),
    "no base64": (lambda: query("a!.b!.c!"), "padding"),
    "a space behind it": (lambda: query(f"{token()} "), "padding"),
    "two, joined": (lambda: query(f"{token()},{token()}"), "not valid"),
    "alg none": (lambda: query(raw_token({"alg": "none"}, claims(), signed=False)), "algorithm"),
    "alg nOnE": (lambda: query(raw_token({"alg": "nOnE"}, claims(), signed=False)), "algorithm"),
    "alg none, signed": (lambda: query(raw_token({"alg": "none"}, claims())), "algorithm"),
    "no alg": (lambda: query(raw_token({"typ": "JWT"}, claims())), "algorithm"),
    "alg a list": (lambda: query(raw_token({"alg": ["HS256"]}, claims())), "algorithm"),
    "HS384 of the secret": (lambda: query(token(key=SECRET * 2, algorithm="HS384")), "algorithm"),
    "HS512 of the secret": (lambda: query(token(key=SECRET * 2, algorithm="HS512")), "algorithm"),
    "RS512 of our key": (lambda: query(token(key=RSA_KEY, algorithm="RS512", headers={"kid": "rsa"})), "algorithm"),
    "PS256 of our key": (lambda: query(token(key=RSA_KEY, algorithm="PS256", headers={"kid": "rsa"})), "algorithm"),
    "HS256 of the public key": (lambda: query(pem_as_secret()), "signature"),
    "HS256 of the listed key": (
        lambda: query(raw_token({"alg": "HS256"}, claims(), json.dumps(KEY_SET["keys"][1]).encode())),
        "signature",
    ),
    "an embedded key": (
        lambda: query(token(key=UNREGISTERED_KEY, algorithm="RS256", headers={"jwk": jwk("RS256", UNREGISTERED_KEY)})),
        "none of the configured keys",
    ),
    "an embedded key set URL": (
        lambda: query(
            token(key=UNREGISTERED_KEY, algorithm="RS256", headers={"jku": "https://evil.example/", "kid": "e"})
        ),
        "none of the configured keys",
    ),
    "an embedded certificate": (
        lambda: query(
            token(key=UNREGISTERED_KEY, algorithm="RS256", headers={"x5c": ["MII"], "x5u": "https://e.example"})
        ),
        "none of the configured keys",
    ),
    "kid a path": (lambda: query(raw_token(HS256_HEADER | {"kid": "../../../dev/null"}, claims(), b"")), "signature"),
    "kid a path, RS256": (
        lambda: query(token(key=UNREGISTERED_KEY, algorithm="RS256", headers={"kid": "/etc/passwd"})),
        "none of the configured keys",
    ),
    "kid SQL": (
        lambda: query(token(key=UNREGISTERED_KEY, algorithm="RS256", headers={"kid": "x' UNION SELECT 'key' --"})),
        "none of the configured keys",
    ),
    "kid a number": (lambda: query(raw_token(HS256_HEADER | {"kid": 7}, claims())), "must be a string"),
    "no kid among several keys": (lambda: query(token(key=RSA_KEY, algorithm="RS256")), "none of the configured keys"),
    "our kid, another's key": (
        lambda: query(token(key=UNREGISTERED_KEY, algorithm="RS256", headers={"kid": "rsa"})),
        "signature",
    ),
    "the kid of another kind": (
        lambda: query(token(key=EC_KEY, algorithm="ES256", headers={"kid": "rsa"})),
        "configured keys",
    ),
    "another's secret": (lambda: query(token(key="another secret of more than 32 bytes")), "signature"),
    "no signature": (lambda: query(token().rpartition(".")[0] + "."), "signature"),
    "half a signature": (lambda: query(token()[:-CUT_CHARACTERS]), "not valid"),
    "another payload": (lambda: query(alter_token(1)), "signature"),
    "another header": (lambda: query(alter_token(0)), "signature"),
    "a payload that is a list": (lambda: query(raw_token(HS256_HEADER, [claims()])), "payload"),
    "a payload that is no JSON": (lambda: query(raw_token(HS256_HEADER, b"{sub: ada}")), "payload"),
    "a payload that is no UTF-8": (lambda: query(raw_token(HS256_HEADER, b'{"sub":"\xff"}')), "payload"),
    "a header that is a list": (lambda: query(raw_token([HS256_HEADER], claims())), "header"),
    "something critical": (lambda: query(raw_token(HS256_HEADER | {"crit": ["x"], "x": 1}, claims())), "critical"),
    "a payload left out": (lambda: query(raw_token(HS256_HEADER | {"b64": False, "crit": ["b64"]}, b"")), "not valid"),
    "no exp": (lambda: query(token(exp=...)), "exp"),
    "exp past": (lambda: query(token(exp=int(time.time()) - 60)), "expired"),
    "exp past by more than the leeway": (lambda: query(token(exp=time.time() - 4)), "expired"),
    "exp 0": (lambda: query(token(exp=0)), "expired"),
    "exp negative": (lambda: query(token(exp=-1)), "expired"),
    "exp in words": (lambda: query(token(exp="tomorrow")), "integer"),
    "exp a string": (lambda: query(token(exp=str(int(time.time()) + 60))), "not a number"),
    "exp true": (lambda: query(token(exp=True)), "expired"),
    "exp null": (lambda: query(token(exp=None)), "exp"),
    "exp a list": (lambda: query(token(exp=[1])), "not valid"),
    "exp not a number": (lambda: query(token(exp=float("nan"))), "integer"),
    "exp infinite": (lambda: query(token(exp=float("inf"))), "not valid"),
    "exp of 400 digits": (lambda: query(token(exp=10**400)), "year 9999"),
    "exp in milliseconds": (lambda: query(token(exp=int(time.time() * 1000))), "year 9999"),
    "not yet valid": (lambda: query(token(nbf=int(time.time()) + 60)), "not yet valid"),
    "made tomorrow": (lambda: query(token(iat=int(time.time()) + 86400)), "not yet valid"),
    "made in words": (lambda: query(token(iat="today")), "integer"),
    "no sub": (lambda: query(token(sub=...)), "sub"),
    "sub empty": (lambda: query(token(sub="")), "sub"),
    "sub null": (lambda: query(token(sub=None)), "sub"),
    "sub a number": (lambda: query(raw_token(HS256_HEADER, claims(sub=7))), "subject"),
    "sub of 129 characters": (lambda: query(token(sub="a" * 129)), "sub"),
    "sub with NUL": (lambda: query(token(sub="ada\0")), "sub"),
    "sub no UTF-8": (lambda: query(raw_token(HS256_HEADER, b'{"exp":4000000000,"sub":"\\ud800"}')), "UTF-8"),
    "nbf true": (lambda: query(token(nbf=True)), "nbf"),
    "nbf in words": (lambda: query(raw_token(HS256_HEADER, claims(nbf="1"))), "nbf"),
    "iat false": (lambda: query(raw_token(HS256_HEADER, claims(iat=False))), "iat"),
    "iat before the epoch": (lambda: query(raw_token(HS256_HEADER, claims(iat=-1))), "iat"),
    "name empty": (lambda: query(token(name="")), "name"),
    "name a number": (lambda: query(token(name=7)), "name"),
    "name without a visible character": (lambda: query(token(name="\u200b\u2060")), "name"),
    "name of 65 characters": (lambda: query(token(name="a" * 65)), "name"),
    "items a list": (lambda: query(token(items=["foo"])), "items"),
    "items words": (lambda: query(token(items="foo=rw")), "items"),
    "items with true": (lambda: query(token(items={"foo": True})), "items"),
    "items with lists": (lambda: query(token(items={"foo": ["r", "w"]})), "items"),
    "items with other letters": (lambda: query(token(items={"foo": "rwx"})), "letters"),
    "items with capitals": (lambda: query(token(items={"foo": "RW"})), "letters"),
    "a good token in a cookie of another name": (
        lambda: Credential({}, {"Cookie": f"session={token()}; __Host-alcove_session={token()}"}),
        "no credential",
    ),
    "a bad token beside a good cookie": (
        lambda: Credential({"token": "gone-by-now"}, cookie(token()).headers),
        "segments",
    ),
    "a bad header beside a good cookie": (
        lambda: Credential({}, cookie(token()).headers | bearer("gone-by-now").headers),
        "segments",
    ),
    "a bad header beside a good token": (
        lambda: Credential({"token": token()}, {"Authorization": "Bearer gone-by-now"}),
        "segments",
    ),
}
#: Credentials without the right to read the item, each with a part of the expected reason. The item is `foo` if none is
#: given. They are refused with 4403 or HTTP 403.
UNUSABLE_CREDENTIALS: dict[str, tuple[Callable[[], Credential], str]] = {
    "no items": (lambda: query(token(items=...)), "read foo"),
    "items empty": (lambda: query(token(items={})), "read foo"),
    "no letters": (lambda: query(token(items={"foo": ""})), "read foo"),
    "another item": (lambda: query(token(items={"bar": "rwm"})), "read foo"),
    "writing alone": (lambda: query(token(items={"foo": "w"})), "read foo"),
    "moderating alone": (lambda: query(token(items={"foo": "m"})), "read foo"),
    "a longer name": (lambda: query(token(items={"fooo": "rw"})), "read foo"),
    "a shorter name": (lambda: query(token(items={"fo": "rw"})), "read foo"),
    "another case": (lambda: query(token(items={"Foo": "rw"})), "read foo"),
    "a space in front": (lambda: query(token(items={" foo": "rw"})), "read foo"),
    "a look-alike": (lambda: query(token(items={"fоо": "rw"})), "read foo"),
    "of the look-alike, the item": (lambda: query(token(), item="fоо"), "read fоо"),
    "full-width letters": (lambda: query(token(items={"ｆｏｏ": "rw"})), "read foo"),
    "a star in front": (lambda: query(token(items={"*oo": "rw"})), "read foo"),
    "a star within": (lambda: query(token(items={"f*o": "rw"})), "read foo"),
    "another pattern's sign": (lambda: query(token(items={"fo?": "rw", ".+": "rw", "%": "rw"})), "read foo"),
    "a pattern's beginning": (lambda: query(token(items={"order-*": "rw"}), item="order"), "read order"),
    "a pattern of another": (lambda: query(token(items={"order-*": "rw"}), item="orders-1"), "read orders-1"),
    "the longest pattern takes it back": (
        lambda: query(token(items={"*": "rw", "order-*": "r", "order-1*": ""}), item="order-17"),
        "read order-17",
    ),
    "the name itself takes it back": (lambda: query(token(items={"*": "rw", "f*": "rw", "foo": "w"})), "read foo"),
    "a cookie from another site": (lambda: cookie(token(), "https://evil.example"), "origin"),
}
#: Ids that no item can have. They are refused with 4400 or HTTP 422.
INVALID_ITEMS = {
    "encoded twice": "%2566oo",
    "with a slash, encoded": "a%252Fb",
    "with a space": "f oo",
    "with NUL": "foo%00",
    "with a line's end": "foo%0A",
    "with nothing visible": "foo\u200b",
    "with a combining accent": "cafe\u0301",
    "of 129 characters": "x" * 129,
    "internal room": "!revoked",
    "a pattern": "fo*",
}
#: Endpoints of one item.
ENDPOINTS = {"room": endpoints.room, "history": endpoints.history, "events": endpoints.events}
#: Endpoints of several items.
LIST_ENDPOINTS = {
    "list socket": endpoints.list_socket,
    "list events": endpoints.list_events,
    "unread": endpoints.unread,
}
SOCKETS = {"room", "list socket"}
at_every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS | LIST_ENDPOINTS)
@pytest.mark.parametrize("kind", INVALID_CREDENTIALS)
async def test_a3_h4_invalid_credential_is_refused_with_the_reason(
    secured_server: Server, kind: str, endpoint: str
) -> None:
    make_credential, text = INVALID_CREDENTIALS[kind]
    outcome = await (ENDPOINTS | LIST_ENDPOINTS)[endpoint](secured_server, make_credential())

    assert outcome.code == (4401 if endpoint in SOCKETS else 401)
    assert text in outcome.reason


@pytest.mark.parametrize(
    ("endpoint", "code", "text"),
    [
        ("room", 4401, "no credential"),
        ("history", 422, "access_token"),
        ("events", 422, "access_token"),
        ("list socket", 4401, "no credential"),
        ("list events", 422, "access_token"),
        ("unread", 422, "access_token"),
    ],
)
async def test_a3_token_in_another_query_parameter_is_not_accepted(
    secured_server: Server, endpoint: str, code: int, text: str
) -> None:
    outcome = await (ENDPOINTS | LIST_ENDPOINTS)[endpoint](secured_server, Credential({"access_token": token()}))

    assert outcome.code == code
    assert text in outcome.reason


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "unread"])
@pytest.mark.parametrize("kind", UNUSABLE_CREDENTIALS)
async def test_a3_h4_rights_on_another_item_are_refused_with_the_reason(
    secured_server: Server, kind: str, endpoint: str
) -> None:
    make_credential, text = UNUSABLE_CREDENTIALS[kind]
    if endpoint != "room" and "Origin" in make_credential().headers:
        endpoint = "send"
    outcome = await (ENDPOINTS | LIST_ENDPOINTS | {"send": endpoints.send})[endpoint](secured_server, make_credential())

    assert outcome.code == (4403 if endpoint == "room" else 403)
    assert text in outcome.reason


@at_every_endpoint
@pytest.mark.parametrize("kind", INVALID_ITEMS)
async def test_h3_invalid_item_id_is_refused(secured_server: Server, kind: str, endpoint: str) -> None:
    outcome = await ENDPOINTS[endpoint](secured_server, query(token(items={"*": "rwm"}), item=INVALID_ITEMS[kind]))

    assert outcome.code == (4400 if endpoint == "room" else 422)
    assert "item_id" in outcome.reason


async def test_a3_token_over_the_limit_is_refused_before_it_is_decoded(secured_server: Server) -> None:
    outcome = await endpoints.history(secured_server, bearer("e" * 17_000))

    assert outcome.code == 401
    assert "longer than 16384" in outcome.reason
    # A line of a handshake has 8 KiB at most.
    assert await refusal_status(secured_server, f"/items/foo/ws?token={'e' * 17_000}") == 431
