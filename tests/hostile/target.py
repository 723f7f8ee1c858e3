"""The started app as an attacker finds it, and what can be seen of it from outside: log, memory, files, connections."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests import ROOT
from tests.support.loopback_openai import Good, LoopbackOpenAI, Reply, Request
from tests.support.pages import free_port

from .page import Page

SECRET = "sk-planted-4f9b1c7e2d8a6350"
"""The provider's key. Whoever reads it anywhere has found a leak."""
PLAIN = "Send SIGHUP to rotate the certificate [1]."
QUESTION = "How do I rotate the certificate?"
DOCUMENT = b"# Certificates\n\nSend SIGHUP to rotate the certificate. The reload counter rises on each broker.\n"
PATIENCE_S = 120.0
"""For the app to come up."""
LOOK_S = 0.05
"""Between two looks at the memory."""
TRACE = re.compile(
    r"Traceback \(most recent call last\)|unexpected error|Exception in |Unhandled|never awaited|too many open"
)
PAYLOAD = re.compile(r"(?<!\\)<(?:script>alert|img src=x|svg onload)|href=[\\\"']*javascript:", re.IGNORECASE)
"""What must not come back unescaped; in Markdown a backslash before it does as well."""


@dataclass
class Foreign:
    """A server nobody may be led to; keeps who came."""

    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> Foreign:
        asked = self.requests

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                asked.append(f"{self.command} {self.path}")
                body = b"<script>alert('foreign')</script>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = _any

            def log_message(self, format: str, *args: object) -> None:
                """Silence: `requests` is read."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


@dataclass
class Target:
    """One started app with its provider. Everything it may write to lies in `folder`."""

    folder: Path
    provider: LoopbackOpenAI
    foreign: Foreign
    reply: Reply | None = None
    """What the provider says to the questions of a case; None: `PLAIN`."""
    port: int = field(default_factory=free_port)
    read: int = 0
    before: int = 0
    """Megabytes held before the case, and most of those held since."""
    peak: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Target:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        for name in ("home", "tmp", "work"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.provider.answer = self._answer
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("RAG_", "MILVUS_", "OPENAI_", "GRADIO_"))
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py")], cwd=self.folder / "work",
                env={**environment, **self._settings()}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._wait_until_up()
        self._watched = threading.Event()
        threading.Thread(target=self._watch, args=(self._watched,), daemon=True).start()

    def stop(self) -> None:
        self._watched.set()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    def again(self) -> None:
        """Stopped and started, on the same folder: for one that does not answer any more."""
        self.stop()
        self.port = free_port()
        self.start()

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def news(self) -> str:
        """What was logged since the last look."""
        with self.log.open("rb") as file:
            file.seek(self.read)
            new = file.read()
        self.read += len(new)
        return new.decode("utf-8", "replace")

    def memory(self) -> int:
        """Megabytes that the app and its children hold; 0 where the system does not say.

        A child that has not begun its own program yet still has the memory of the app, which counts once.
        """
        app, *children = _family(self.process.pid)
        own = [child for child in children if _program(child) != _program(app)]
        return sum(map(_resident, [app, *own]))

    def descriptors(self) -> int:
        with suppress(OSError):
            return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        return 0

    def outside(self) -> set[str]:
        """Files that were written where nothing belongs; Gradio's own uploads are a case of their own."""
        uploads = self.folder / "tmp" / "gradio"
        places = [self.folder / name for name in ("home", "tmp", "work")]
        found = (path for place in places for path in place.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)) for path in found if not path.is_relative_to(uploads)}

    @contextmanager
    def replying(self, reply: Reply) -> Iterator[None]:
        """While the provider answers so."""
        self.reply = reply
        try:
            yield
        finally:
            self.reply = None

    def _answer(self, request: Request) -> Reply:
        return self.reply or Good([PLAIN])

    def _settings(self) -> dict[str, str]:
        return {
            "RAG_PROFILE": "offline",
            "RAG_DATA_DIR": str(self.data),
            "RAG_PORT": str(self.port),
            "OPENAI_API_KEY": SECRET,
            "OPENAI_BASE_URL": self.provider.url,
            "RAG_UPLOAD_MB_PER_HOUR": "300",
            "OPENAI_RETRIES": "0",
            "OPENAI_TIMEOUT": "5",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.head(self.address, timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)  # not listening yet; there is no event to wait for across processes
        else:
            raise AssertionError(f"the app did not come up:\n{self.news()[-3000:]}")
        with Page(self.address) as page:  # loads the models, so that no case pays for them
            taken = page.ingest([("certificates.md", DOCUMENT)])
            assert not taken.failed, taken.words

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_S):
            self.peak = max(self.peak, self.memory())


def _family(process: int) -> list[int]:
    found = [process]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _program(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def _resident(process: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
    return 0
