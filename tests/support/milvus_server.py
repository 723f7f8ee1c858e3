"""A real Milvus server for the tests, from the PyPI package `milvus` in a virtual environment of its own.

`python -m tests.support.milvus_server --install` is what `make setup` runs. Environment and unpacked programs are kept
beside other temporary files and used again; data is not. Version 2.3.5 is the newest that is to be had as a package:
it has dense search, filters, aliases, access control and TLS, and no full text.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme

RELEASE = "2.3.5"
TOKEN = "root:Milvus"
"""The account every new server has."""
REQUIRE = "MILVUS_TEST_REQUIRED"
"""Set to 1, a server that cannot be installed fails the tests that need it instead of skipping them."""
RUNNER = Path(__file__).parent / "run_milvus.py"
NOT_INSTALLED = f"no Milvus server: milvus=={RELEASE} cannot be installed here"
SESSION_SECONDS = 12
"""How long a killed server's name is still taken when it starts again; the default of 30 makes that take a minute."""


class MilvusServer:
    """One server on loopback, with TLS and accounts. It keeps ports and data when it is killed and started again."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python = python
        self._folder = folder
        self.authority = folder / "authority.pem"
        """The certificate its own one is checked against."""
        self._options: dict[str, Any] = {
            "common.session.ttl": SESSION_SECONDS,
            "authorization_enabled": True,
            "tls_mode": 1,
            "server_pem_path": str(folder / "server.pem"),
            "server_key_path": str(folder / "server.key"),
        }
        self._write_certificates()
        self._ports: dict[str, int] = {}
        self._runner: subprocess.Popen[str] | None = None
        self._process = 0

    @property
    def uri(self) -> str:
        return f"https://127.0.0.1:{self._ports['proxy_port']}"

    @property
    def alive(self) -> bool:
        return self._runner is not None

    def start(self) -> None:
        """Start and wait until it is healthy. The process ends with this one, whatever ends this one."""
        with (self._folder / "runner.log").open("a", encoding="utf-8") as log:
            self._runner = subprocess.Popen(
                [self._python, RUNNER, self._folder, json.dumps(self._ports), json.dumps(self._options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._runner.stdout
        line = self._runner.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("\n".join(path.read_text("utf-8", "replace")[-2_000:] for path in self._logs()))
        told = json.loads(line)
        self._ports, self._process = told["ports"], told["process"]

    def _logs(self) -> list[Path]:
        return [self._folder / "runner.log", *self._folder.glob("logs/milvus-std*.log")]

    def kill(self) -> None:
        """End it as a crash would."""
        os.kill(self._process, signal.SIGKILL)
        self.stop()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Inside, it holds its connections and answers nothing."""
        os.kill(self._process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process, signal.SIGCONT)

    def _write_certificates(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        own = authority.issue_cert("127.0.0.1", "localhost")
        own.private_key_pem.write_to_path(self._options["server_key_path"])
        for certificate in own.cert_chain_pems:
            certificate.write_to_path(self._options["server_pem_path"], append=True)

    def stop(self) -> None:
        """End it with everything it started. Safe to repeat."""
        if self._runner:
            self._runner.communicate()  # closes its input, which it ends on
            self._runner = None


@contextmanager
def running() -> Iterator[MilvusServer]:
    """A server with empty data. Skips or fails the test where the package cannot be had (see REQUIRE)."""
    home = installed()
    if home is None:
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(f"{NOT_INSTALLED} and {REQUIRE}=1")
        pytest.skip(NOT_INSTALLED)
    folder = Path(tempfile.mkdtemp(prefix="plainsight-milvus-data-"))
    (folder / "bin").symlink_to(home / "unpacked" / "bin", target_is_directory=True)
    server = MilvusServer(home / "venv" / "bin" / "python", folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def milvus_server() -> Iterator[MilvusServer]:
    """The one server of a test run."""
    with running() as server:
        yield server


@cache
def installed() -> Path | None:
    """The folder with the package and its unpacked programs, made when it is not there; None when that fails."""
    home = _home()
    with _alone(home):
        if not (home / "complete").exists():
            for name in ("venv", "unpacked"):
                shutil.rmtree(home / name, ignore_errors=True)
            if not _install(home):
                return None
            (home / "complete").touch()
    return home


def _install(home: Path) -> bool:
    python = home / "venv" / "bin" / "python"
    unpack = "import sys, milvus; milvus._initialize_data_files(sys.argv[1])"
    commands: tuple[list[str | Path], ...] = (
        [sys.executable, "-m", "venv", home / "venv"],
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"milvus=={RELEASE}"],
        [python, "-c", unpack, home / "unpacked"],
    )
    for command in commands:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if ended.returncode:
            print(ended.stderr[-500:], file=sys.stderr)
            return False
    return True


def _home() -> Path:
    """A folder of this user alone; what another user left under its name is not used."""
    home = Path(tempfile.gettempdir()) / f"plainsight-milvus-{RELEASE}-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="plainsight-milvus-"))
    return home


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One process at a time installs."""
    import fcntl

    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tell_skipped(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where it is read: right above the closing line."""
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NOT_INSTALLED in str(report.longrepr) for report in skipped):
        terminalreporter.section("MILVUS SERVER TESTS SKIPPED", red=True, bold=True)
        terminalreporter.line(f"{NOT_INSTALLED}: nothing was tested on a real Milvus server.", red=True)


if __name__ == "__main__":
    place = installed()
    print(f"Milvus server for the tests: {place}" if place else f"{NOT_INSTALLED}: its tests will be skipped.")
