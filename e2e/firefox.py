"""Control the system's Firefox by WebDriver BiDi (W3C), without a driver program or a download."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("firefox-esr", "firefox")
#: Timeout of every wait, in seconds.
TIMEOUT_S = 60
#: No first-run page, no requests of the browser's own, and pages that take English.
_QUIET: Mapping[str, object] = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "intl.accept_languages": "en-GB",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
#: The keys of WebDriver that no character stands for (WebDriver, section 17.4.2).
KEYS = {"Enter": "\ue007", "ArrowUp": "\ue013", "Escape": "\ue00c", "End": "\ue010"}
#: Finds an element as a person does: by role and name, as far as the page's own elements need it.
_FIND = """
const find = (selector, text) => [...document.querySelectorAll(selector)]
    .find((one) => text === undefined || one.textContent.trim() === text);
"""


def on_path() -> str | None:
    """Return the path of an installed Firefox; None if there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class FirefoxError(Exception):
    """Firefox refused a command, or a script failed in the page."""


class Tab:
    """One tab of a running Firefox."""

    def __init__(self, firefox: "Firefox", context: str) -> None:
        self._firefox = firefox
        self._context = context

    def open(self, url: str) -> None:
        """Open a URL, and wait until the page has loaded."""
        self._firefox.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def reload(self) -> None:
        """Load the page again."""
        self._firefox.command("browsingContext.reload", context=self._context, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression, awaiting a promise, and return its value if JSON can represent it."""
        result = self._firefox.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if result["type"] == "exception":
            raise FirefoxError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def wait_for(self, condition: str) -> None:
        """Wait until a condition holds on the page. Raises FirefoxError that shows the page's text."""
        loop = f"""(async () => {{
            {_FIND}
            const end = performance.now() + {TIMEOUT_S * 1000};
            while (!({condition})) {{
                if (performance.now() > end) throw new Error(document.body.innerText);
                await new Promise((next) => setTimeout(next, 20));
            }}
        }})()"""
        try:
            self.evaluate(loop)
        except FirefoxError as error:
            raise FirefoxError(f"never came true: {condition}\n{error}") from None

    def click(self, selector: str, text: str | None = None) -> None:
        """Click the first element that matches, once there is one."""
        wanted = json.dumps(selector) + ("" if text is None else f", {json.dumps(text)}")
        self.wait_for(f"find({wanted})")
        self.evaluate(f"(() => {{ {_FIND} find({wanted}).click(); }})()")

    def focus(self, selector: str) -> None:
        """Focus an element."""
        self.wait_for(f"find({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")

    def type(self, *keys: str) -> None:
        """Type texts and the keys of `KEYS`."""
        values = [sign for key in keys for sign in ([KEYS[key]] if key in KEYS else key)]
        actions = [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self._firefox.command("input.performActions", context=self._context, actions=[source])


class Firefox:
    """A running Firefox, and the WebDriver connection to it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sent = 0

    def command(self, method: str, **params: object) -> Any:
        """Send a command, and return its result. Raises FirefoxError."""
        self._sent += 1
        self._connection.send(json.dumps({"id": self._sent, "method": method, "params": params}))
        while (answer := json.loads(self._connection.recv(2 * TIMEOUT_S))).get("id") != self._sent:
            pass  # an event, which nobody has subscribed to
        if answer["type"] == "error":
            raise FirefoxError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def tab(self) -> Tab:
        """Open a tab."""
        return Tab(self, self.command("browsingContext.create", type="tab")["context"])

    @contextmanager
    def container(self) -> Iterator[Tab]:
        """Open a tab in a new user context with its own storage (WebDriver BiDi, section 7.2)."""
        user = self.command("browser.createUserContext")["userContext"]
        try:
            yield Tab(self, self.command("browsingContext.create", type="tab", userContext=user)["context"])
        finally:
            self.command("browser.removeUserContext", userContext=user)


@contextmanager
def running(folder: Path, *, preferences: Mapping[str, object] | None = None) -> Iterator[Firefox]:
    """Run Firefox with a new profile in `folder` while the block runs. Raises FirefoxError if it does not start."""
    path = on_path()
    if path is None:
        raise FirefoxError(f"expected one of {', '.join(NAMES)} on the PATH")
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in ({**_QUIET, **(preferences or {})}).items()]
    (profile / "user.js").write_text("".join(lines))
    command = [path, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - the system's own browser
        addresses: Queue[str | None] = Queue()
        listener = threading.Thread(target=_listen, args=(process.stderr, addresses))
        listener.start()
        try:
            if (address := addresses.get(timeout=TIMEOUT_S)) is None:
                raise FirefoxError("Firefox ended before it listened")
            with connect(f"{address}/session", max_size=None, open_timeout=TIMEOUT_S) as connection:
                firefox = Firefox(connection)
                firefox.command("session.new", capabilities={})
                yield firefox
        finally:
            process.terminate()
            try:
                process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
            listener.join(TIMEOUT_S)


def _listen(said: Iterable[str], addresses: "Queue[str | None]") -> None:
    """Read all output of Firefox, so that it does not block.

    Report the address of its WebDriver, and None at the end.
    """
    for line in said:
        if found := re.search(r"listening on (ws://127\.0\.0\.1:\d+)", line):
            addresses.put(found[1])
    addresses.put(None)
