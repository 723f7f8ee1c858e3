"""The command line at its rim: terminals, pipes, full disks, Ctrl-C, and files that are not what they should be."""

from __future__ import annotations

import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import IO

import pytest

from rag.__main__ import main
from rag.cli import terminal
from rag.cli.exits import FAILED, INTERRUPTED, OK, UNREAD
from rag.data_folder import KEPT
from rag.documents.files import FileLimits, Refused, collect
from tests import ROOT
from tests.support.loopback_openai import Hung, LoopbackOpenAI

ENDED_BY_CTRL_C = (INTERRUPTED, -signal.SIGINT)
"""By our own hand, or by the signal where there was nothing to clean up."""


def environment(folder: Path, **env: str) -> dict[str, str]:
    kept = {"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    return {**os.environ, **kept, **env}


def run(
    folder: Path, *args: str, stdout: int | IO[bytes] = subprocess.PIPE, env: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Exit code, output and errors of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "rag", *args],
        cwd=folder,
        env=environment(folder, **(env or {})),
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    return done.returncode, (done.stdout or b"").decode(errors="replace"), done.stderr.decode(errors="replace")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device here")
def test_output_to_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        code, _, err = run(tmp_path, "kb", "list", stdout=full)
    assert (code, len(err.splitlines())) == (FAILED, 1), err
    assert "No space left" in err


def test_a_reader_that_leaves_ends_the_command_quietly(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as closed:
        code, _, err = run(tmp_path, "kb", "list", stdout=closed)
    assert (code, err) == (UNREAD, "")


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"PYTHONIOENCODING": "latin-1"}, id="Latin-1"),
        pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="ASCII"),
    ],
)
def test_a_terminal_without_the_characters_shows_others(tmp_path: Path, env: dict[str, str]) -> None:
    code, out, err = run(tmp_path, "--language", "zh", "kb", "list", env=env)
    assert (code, err) == (OK, "") and "(plainsight)" in out


def test_json_stays_whole_in_every_encoding() -> None:
    for encoding in ("latin-1", "ascii", "utf-8"):
        raw = io.BytesIO()
        with redirect_stdout(io.TextIOWrapper(raw, encoding=encoding, errors="replace")) as out:
            out.write(terminal.as_json({"name": "水果 é 😀"}))
            out.flush()
        assert ("水果" in raw.getvalue().decode(encoding)) == (encoding == "utf-8")
        assert "?" not in raw.getvalue().decode(encoding)


class Screen(io.StringIO):
    """A terminal of 10 columns and 4 lines that knows the few sequences it is sent."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        rows, row, column = [""], 0, 0
        for sign in re.findall(r"\x1b\[\d*[AJ]|.", self.getvalue(), re.DOTALL):
            if sign.endswith("A") and len(sign) > 1:
                row = max(row - int(sign[2:-1]), len(rows) - 4, 0)
            elif sign == "\x1b[J":
                rows[row:] = [rows[row][:column]]
            elif sign == "\r":
                column = 0
            elif sign == "\n" or column == 10:
                row, column = row + 1, 0
                rows.append("")
            if len(sign) == 1 and sign not in "\r\n":
                rows[row] += sign
                column += 1
        return "|".join(rows)


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        pytest.param("Hm.", "before|Yes", id="one line"),
        pytest.param("Hm.\n\nI see", "before|Yes", id="several"),
        pytest.param("Let me think", "before|Yes", id="wrapped"),
        pytest.param("1\n2\n3\n4\n5", "before|1|Yes", id="what has left the screen stays"),
    ],
)
def test_a_terminal_takes_back_what_was_no_answer(before: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("LINES", "4")
    screen = Screen()
    screen.write("before\n")
    text = terminal.GrowingText(screen)
    text.add(before, afresh=False)
    text.add("Yes", afresh=True)
    text.end()
    assert screen.shown() == shown


def test_what_is_no_terminal_gets_a_text_when_it_is_whole() -> None:
    out = io.StringIO()
    text = terminal.GrowingText(out)
    text.add("Hm.", afresh=False)
    assert out.getvalue() == ""
    text.add("Y", afresh=True)
    text.add("es", afresh=False)
    text.end()
    assert out.getvalue() == "Yes"


# ---- Ctrl-C: sent once a line says how far the program is ----------------------------------------------------------


def interrupted(command: Sequence[str], cwd: Path, env: dict[str, str], until: str, *, out: bool = False) -> str:
    """Start a program, press Ctrl-C once a line of it holds `until`; returns what it says after that on both."""
    program = subprocess.Popen(
        [sys.executable, *command],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE if out else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if out else subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what is started in the background ignores it
    )
    stream = program.stdout if out else program.stderr
    assert stream is not None
    with program, stream:
        reached = any(until in line for line in stream)
        program.send_signal(signal.SIGINT)
        rest = stream.read()
    assert reached, f"{until} was never said"
    assert program.returncode in ENDED_BY_CTRL_C, rest
    return "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("import time:"))


@pytest.mark.parametrize("module", ["rag.messages", "rag.settings", "rag.build", "pymilvus.exceptions"])
def test_ctrl_c_while_libraries_load_is_quiet(tmp_path: Path, module: str) -> None:
    command = ["-X", "importtime", "-m", "rag", "ask", "hello"]
    assert interrupted(command, tmp_path, environment(tmp_path), f" {module}\n") == ""


@pytest.mark.parametrize("module", ["rag.messages", "rag.build", "gradio.utils"])
def test_ctrl_c_while_the_app_loads_is_quiet(tmp_path: Path, module: str) -> None:
    command = ["-X", "importtime", str(ROOT / "app.py")]
    assert interrupted(command, tmp_path, environment(tmp_path), f" {module}\n") == ""


def test_ctrl_c_during_an_ingest_is_quiet_and_what_was_told_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}.md").write_text(f"# Note {number}\n\nThe value is {number}.\n", encoding="utf-8")
    interrupted(["-m", "rag", "ingest", str(folder)], tmp_path, environment(tmp_path), "000.md", out=True)
    code, out, err = run(tmp_path, "documents")
    assert code == OK and out.startswith("000.md"), err


def test_ctrl_c_during_an_answer_is_quiet(tmp_path: Path) -> None:
    with LoopbackOpenAI() as server:
        server.script(Hung())
        env = environment(tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL=server.url)
        assert interrupted(["-m", "rag", "ask", "hello"], tmp_path, env, "prompt") == ""


def test_ctrl_c_while_another_program_writes_is_quiet(tmp_path: Path) -> None:
    assert run(tmp_path, "kb", "list")[0] == OK
    with sqlite3.connect(tmp_path / "data" / KEPT, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        command = ["-X", "importtime", "-m", "rag", "kb", "create", "Second"]
        said = interrupted(command, tmp_path, environment(tmp_path), " rag.knowledge.catalog\n")
        other.execute("ROLLBACK")
    assert "Traceback" not in said


# ---- arguments -----------------------------------------------------------------------------------------------------

DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = {
    "deep.json": DEEP,
    "deeper.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "latin.json": b'{"id": "\xff\xfe"}',
    "nul.json": b"\0" * 1000,
    "empty.json": b"",
    "cut.json": b'{"format": "plainsight-evidence", "version": 1, "record": ',
    "list.json": b"[1, 2]",
}


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of files that are not what any command takes."""
    for name, value in {"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name, data in HOSTILE.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.jsonl").write_text('{"id": "a", "text": "A."}\n', encoding="utf-8")
    zero = ["/dev/zero"] if Path("/dev/zero").exists() else []
    return [*HOSTILE, "folder", "missing", "n" * 5000, "folder/missing/too", *zero]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["verify", "--without-documents", "{}"], id="verify"),
        pytest.param(["import", "{}"], id="import"),
        pytest.param(["evaluate", "--queries", "good.jsonl", "--corpus", "{}"], id="corpus"),
        pytest.param(["evaluate", "--corpus", "good.jsonl", "--queries", "{}"], id="queries"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_one_sentence(
    command: list[str], hostile: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for path in hostile:
        code = main([part.format(path) for part in command])
        out, err = capsys.readouterr()
        assert code in (1, 2), path
        assert (out, len(err.splitlines())) == ("", 1), path


def test_every_bad_file_of_an_ingest_is_refused_for_itself(hostile: list[str]) -> None:
    found = list(collect(map(Path, hostile), limits=FileLimits()))
    assert [type(each) for each in found] == [Refused] * len(hostile)


def empties() -> Iterator[list[str]]:
    for path in ("", "\0"):
        yield from (["ingest", path], ["verify", path], ["export", path], ["import", path], ["marks", "--export", path])
        yield ["evaluate", "--corpus", path, "--queries", "q.jsonl"]
        yield ["evaluate", "--corpus", "c.jsonl", "--queries", "q.jsonl", "--json", path]
        yield ["reindex", "--compare", "--queries", path]
    yield from (["copy", "--from", "", "--to", "b.db"], ["delete", ""], ["reingest", ""], ["ask", ""])
    yield ["ask", "Where?", "--document", ""]


@pytest.mark.parametrize("args", list(empties()), ids=" ".join)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_name_is_refused(args: list[str], language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--language", language, *args]) == FAILED
    assert ("is empty" if language == "en" else "为空") in capsys.readouterr().err


def test_an_argument_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "caf\udce9"]) == FAILED
    assert "QUESTION holds bytes" in capsys.readouterr().err


def test_a_settings_file_that_is_no_text_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"RAG_PORT=\xff\xfe\n")
    assert main(["kb", "list"]) == FAILED
    assert ".env" in capsys.readouterr().err
