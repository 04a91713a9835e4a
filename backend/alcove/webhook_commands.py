"""Run `alcove webhooks`: show, repeat and skip deliveries of a running server, and test its endpoint (K3)."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from alcove.quantities import quantity
from alcove.remote import LOCAL_SERVER, ServerUrl, admin_token, exit_on_error, send_request

#: Seconds that the server may take to respond: a test event waits for the endpoint (at most 120 s).
_TIMEOUT_S = 130.0

_Name = Annotated[str, typer.Option(help="The webhook, or the name of a handler.")]


webhooks = typer.Typer(no_args_is_help=True, help="Show, repeat and skip deliveries to the webhook and to handlers.")


@webhooks.command()
def status(url: ServerUrl = LOCAL_SERVER) -> None:
    """Print what the webhook and each handler has not delivered, and what fails.

    Exits with 1 if an item is parked or the webhook is disabled, because that waits for you. Failures that are repeated
    exit with 0.
    """
    consumers = _ask(url, "GET", "")["consumers"]
    for consumer in consumers:
        print(_consumer_line(consumer))  # noqa: T201 - the command's output
        for failure in consumer["failing"]:
            print(_failure_line(failure, disabled=consumer["disabled"]))  # noqa: T201 - as above
    if any(consumer["parked_items"] or consumer["disabled"] for consumer in consumers):
        raise typer.Exit(1)


@webhooks.command()
def retry(
    item: Annotated[
        str | None, typer.Option(help="Only this item. Without it: all items, and a disabled webhook is enabled.")
    ] = None,
    name: _Name = "webhook",
    url: ServerUrl = LOCAL_SERVER,
) -> None:
    """Repeat now what failed or is parked."""
    response = _ask(url, "POST", f"/{quote(name, safe='')}/retry", {"item": item})
    print(f"delivered again: {quantity(response['items'], 'item')}")  # noqa: T201 - the command's output


@webhooks.command()
def skip(
    item: Annotated[str, typer.Option(help="The item.")], name: _Name = "webhook", url: ServerUrl = LOCAL_SERVER
) -> None:
    """Skip the entry of an item that cannot be delivered. The entry is never delivered."""
    _ask(url, "POST", f"/{quote(name, safe='')}/skip", {"item": item})


@webhooks.command("test")
def send_test(url: ServerUrl = LOCAL_SERVER) -> None:
    """Send an event of the type `test` to the webhook."""
    response = _ask(url, "POST", "/test")
    if not response["delivered"]:
        sys.exit(f"alcove: the receiver did not accept the event: {response['error']}")
    print("the receiver accepted the event")  # noqa: T201 - the command's output


def _ask(url: str, method: str, path: str, body: object = None) -> Any:  # Any: JSON
    """Send a request to a server and return the decoded response; if it fails, print why and exit with status 1."""
    with exit_on_error():
        token = asyncio.run(admin_token())
        with send_request(url, token, method, f"/api/webhooks{path}", body=body, timeout_s=_TIMEOUT_S) as response:
            return json.loads(response.read() or b"null")


def _consumer_line(consumer: Any) -> str:
    """Format the state of a consumer and what it has to deliver as one line."""
    states = ["disabled: the receiver answered 410"] if consumer["disabled"] else []
    if consumer["parked_items"]:
        states.append(f"{quantity(consumer['parked_items'], 'item')} parked")
    if not consumer["disabled"] and any(not failure["parked"] for failure in consumer["failing"]):
        states.append("failing")
    if not consumer["known"]:
        states.append("this server does not deliver it")
    entries, items = quantity(consumer["pending_entries"], "entry"), quantity(consumer["pending_items"], "item")
    return f"{consumer['name']}: {entries} of {items} to deliver; {'; '.join(states) or 'ok'}"


def _failure_line(failure: Any, *, disabled: bool) -> str:
    """Format a failing delivery as one line; `disabled`: the consumer is disabled."""
    since = datetime.fromtimestamp(failure["since"] / 1000, UTC).isoformat(timespec="seconds")
    state = "parked" if failure["parked"] else "not repeated while disabled" if disabled else "repeated"
    attempts = quantity(failure["attempts"], "attempt")
    return f"  {failure['item']} entry {failure['seq']}: {failure['error']}, {attempts} since {since}, {state}"
