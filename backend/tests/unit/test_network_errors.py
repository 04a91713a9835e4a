"""Test the reason that the log and `alcove webhooks status` show for a failed connection (K3)."""

import errno
import socket
import ssl

import httpx
import pytest

from alcove.webhooks.network_errors import network_error


def certificate_error() -> ssl.SSLCertVerificationError:
    """Create the error that a self-signed certificate causes."""
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1000)")
    error.verify_message = "self-signed certificate"
    return error


def tls_error() -> ssl.SSLError:
    """Create the error that a receiver without TLS causes."""
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1000)")
    error.reason = "WRONG_VERSION_NUMBER"
    return error


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('10.1.2.3', 80)"), "connection refused"),
        (
            ExceptionGroup("all", [OSError(errno.ECONNREFUSED, "('::1', 80, 0, 0)"), OSError(errno.EPERM, "")]),
            "connection refused",
        ),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection reset"),
        (OSError(errno.EHOSTUNREACH, "Connect call failed ('10.1.2.3', 80)"), "no route to host"),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "name not found: Name or service not known",
        ),
        (certificate_error(), "certificate refused: self-signed certificate"),
        (tls_error(), "TLS failed: wrong version number"),
        (None, "ConnectError"),
    ],
    ids=["refused", "several addresses", "reset", "no route", "name", "certificate", "TLS", "unknown"],
)
def test_k3_the_innermost_cause_is_the_reason(cause: Exception | None, reason: str) -> None:
    middle = OSError("All connection attempts failed")
    middle.__cause__ = cause
    error = httpx.ConnectError("All connection attempts failed")
    error.__context__ = middle

    assert network_error(error) == reason


def test_k3_a6_no_text_of_a_response_is_part_of_the_reason() -> None:
    assert network_error(httpx.RemoteProtocolError("illegal status line: bytearray(b'secret')")) == (
        "the response is not HTTP"
    )
    assert network_error(httpx.RemoteProtocolError("Server disconnected without sending a response.")) == (
        "connection closed without a response"
    )
