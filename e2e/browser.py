"""Find a browser for the tests: one on the PATH, else Playwright's, downloaded if necessary, else a system package.

As a command, it makes sure that there is a browser, and prints which.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

from playwright.sync_api import sync_playwright


class LaunchOptions(TypedDict, total=False):
    """The arguments of Playwright's `launch`."""

    args: list[str]
    executable_path: str


NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")


def on_path() -> str | None:
    """Return the path of an installed Chromium; None if there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def of_playwright() -> str | None:
    """Return the path of the Chromium that Playwright downloaded; None if it has not."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def launch_options() -> LaunchOptions:
    """Return the arguments with which Playwright starts the browser."""
    options: LaunchOptions = {"args": ["--no-sandbox"] if os.geteuid() == 0 else []}
    if (found := on_path()) is not None:
        options["executable_path"] = found
    return options


def install() -> str | None:
    """Download Playwright's browser, or else install the system package if we may; return its path."""
    print("No browser found; fetching Playwright's Chromium ...", flush=True)
    fetch = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if fetch.returncode == 0:
        return of_playwright()
    if os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        print("That failed; installing the package chromium ...", flush=True)
        subprocess.run([apt, "update", "-qq"], check=False)  # noqa: S603 - the system's own installer
        subprocess.run([apt, "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False)  # noqa: S603 - the same
    return on_path()


def main() -> None:
    """Print the browser that the tests will use; exit with a clear message if there is none."""
    found = on_path() or of_playwright() or install()
    if found is None:
        sys.exit(f"The end to end tests need a browser: install one of {', '.join(NAMES)}.")
    print(f"Browser: {found}")


if __name__ == "__main__":
    main()
