"""The browser that drives the page in tests: where it is, how to get one, and loud words where there is none.

`python -m tests.support.chromium --install` is what `make setup` runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REQUIRE = "RAG_REQUIRE_BROWSER"
"""Set to 1, a missing browser fails the browser tests instead of skipping them."""
SHELL = "chromium-headless-shell"
"""Debian's Chromium without windows: the same engine, at two thirds of the processor time for a page."""
PACKAGES = (SHELL, "chromium")
"""Older releases have the second alone."""
COMMANDS = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
DOWNLOADS = Path(sys.prefix) / "browsers"
"""Playwright's own download goes beside the packages: tests run with an empty home and would not find it there."""
DOWNLOADED = DOWNLOADS / "executable.txt"
ADVICE = "Install Chromium or Chrome, then run `make test` again (as root on Debian it installs Chromium by itself)."


@cache
def find() -> str | None:
    """Path of a Chromium that starts, or None."""
    found = [shutil.which(name) for name in COMMANDS] + [p for p in PLACES if Path(p).exists()]
    if DOWNLOADED.exists():
        found.append(DOWNLOADED.read_text(encoding="utf-8").strip())
    return next((path for path in found if path and _starts(path)), None)


def executable() -> str:
    """`find()` for a fixture: without a browser the test is skipped, or fails where one is required."""
    path = find()
    if path:
        return path
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"No Chromium found and {REQUIRE}=1. {ADVICE}")
    pytest.skip("no browser")


def _starts(path: str) -> bool:
    # A file is not enough: on some systems `chromium-browser` is a script that only says where to get it.
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install() -> str | None:
    """Find a browser, else try the system's package, else Playwright's download. None when nothing worked."""
    for attempt in (_debian_package, _playwright_download):
        if path := find():
            return path
        attempt()
        find.cache_clear()
    return find()


def _debian_package() -> None:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], *(["install", "-qy", "--no-install-recommends", name] for name in PACKAGES)):
        done = subprocess.run(["apt-get", *command], env=quiet, stdin=subprocess.DEVNULL, check=False)
        if command[0] == "install" and not done.returncode:
            return


def _playwright_download() -> None:
    env = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(DOWNLOADS)}
    if subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], env=env, check=False).returncode:
        return
    ask = (
        "from playwright.sync_api import sync_playwright as start\nwith start() as p: print(p.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=True)
    DOWNLOADED.write_text(answer.stdout.strip(), encoding="utf-8")


def tell_missing(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where it is read: right above the closing line."""
    if find():
        return
    terminalreporter.section("BROWSER TESTS SKIPPED", red=True, bold=True)
    terminalreporter.line("No Chromium was found: nothing of the page was tested in a browser.", red=True)
    terminalreporter.line(ADVICE)


if __name__ == "__main__":
    place = install() if "--install" in sys.argv else find()
    print(f"Browser for the tests: {place}" if place else f"No browser: the browser tests will be skipped. {ADVICE}")
