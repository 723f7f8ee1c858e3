"""Every case against a started app, one after the other, and what must hold after each."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.loopback_openai import LoopbackOpenAI

from .case import Case
from .events import DATA, EVENTS
from .files import FILES, Fate, File
from .names import NAMES
from .page import Page, Told
from .questions import NO_TEXTS, QUESTIONS
from .replies import REPLIES, Make
from .requests import REQUESTS
from .target import DOCUMENT, PAYLOAD, QUESTION, SECRET, TRACE, Foreign, Target

CASE_S = 60.0
"""A case that has not ended by then has frozen something."""
FILE_S = 400.0
"""The same for a file: its reader may take two minutes of processor time, and waits as others work."""
ANSWER_S = 10.0
"""Another visitor's plain question, while the case runs or right after it."""
MORE_MEGABYTES = 1500
"""The app and its children may hold so much more than before the case: a converter may have 1 GB. What documents of
earlier cases take in the index stays."""
MORE_DESCRIPTORS = 200

Run = Callable[[Target], None]


def cases() -> Iterator[Case]:
    """All of them, kind by kind."""
    for id, file in FILES.items():
        yield Case(id, "files", _file(file), f"the file is {file.fate.name.lower()}, its neighbour is taken")
    for id, name in NAMES.items():
        yield Case(id, "names", _name(name), "it is taken, or refused with a sentence, everywhere a name may stand")
    for id, make in QUESTIONS.items():
        yield Case(id, "questions", _question(make), "it is answered, or a sentence says why not")
    for id, value in NO_TEXTS.items():
        yield Case(id, "questions", _question(_given(value)), "it is no question, and nothing happens")
    for id, reply in REPLIES.items():
        yield Case(id, "replies", _reply(reply), "the page shows an answer or says what is wrong")
    for id, data in DATA.items():
        yield Case(f"data: {id}", "events", _data(data), "every event of the page ends in a sentence")
    for id, event in EVENTS.items():
        yield Case(f"event: {id}", "events", _event(event), "every event of the page ends in a sentence")
    for id, request in REQUESTS.items():
        yield Case(id, "requests", request, "it is refused or answered, and reaches nothing of anybody's")


def _sound(told: Told, *, echoed: str = "") -> None:
    """What holds for everything the page shows."""
    assert SECRET not in told.text, "the key is shown"
    assert "Traceback" not in told.text, "a traceback is shown"
    assert not PAYLOAD.search(told.text.replace("\\u003c", "<")), "a payload is not escaped"
    assert "unexpected" not in told.words.lower(), told.words[:200]


def _file(file: File) -> Run:
    def run(target: Target) -> None:
        with Page(target.address) as page:
            told = page.ingest(
                [(file.name, file.data()), ("neighbour.md", DOCUMENT + file.name.encode("utf-8", "replace"))]
            )
            _sound(told)
            if told.failed:
                assert told.words, "nothing is said"
                return
            assert told.text.count("neighbour.md"), "the neighbour is gone"
            if file.fate is Fate.REFUSED:
                assert "refused" in told.text or "failed" in told.text, "it is not refused"
            opened = page.event("open_document", page.tab, event={"name": file.name, "base": ""})
            _sound(opened)

    return run


def _name(name: str) -> Run:
    def run(target: Target) -> None:
        with Page(target.address) as page:
            _sound(page.ask(QUESTION))
            for call, event in (
                ("create", {"name": name, "description": name}),
                ("save_1", {"base": "", "name": name, "description": name}),
                ("rename", {"id": name, "title": name}),
                ("open_document", {"name": name, "base": name}),
                ("enable", {"names": [name], "enabled": False}),
                ("delete_2", {"names": [name]}),
                ("reingest", {"names": [name]}),
                ("ask_only", {"names": [name]}),
                ("look_2", {"words": name, "folder": name, "tag": name, "since": name}),
                ("apply", {"parts": [{"id": name, "documents": [name], "tags": [name]}]}),
                ("show", {"text": name, "minutes": 0}),
                ("delete_3", {"base": name, "typed": name}),
            ):
                told = page.event(call, page.tab, event=event)
                _sound(told)
                assert not told.failed or told.words, f"{call}: nothing is said"

    return run


def _question(make: Callable[[], object]) -> Run:
    def run(target: Target) -> None:
        with Page(target.address) as page:
            told = page.ask(make())
            _sound(told)
            assert not told.failed or told.words, "nothing is said"
            for call in ("show_record", "conversation", "show", "show_flow"):
                _sound(page.event(call, page.tab, event={"turn": 1}))

    return run


def _given(value: object) -> Callable[[], object]:
    return lambda: value


def _reply(make: Make) -> Run:
    def run(target: Target) -> None:
        with Page(target.address) as page, target.replying(make(SECRET, target.foreign.url)):
            told = page.ask(QUESTION)
            _sound(told)
            assert not told.failed or told.words, "nothing is said"
            for call in ("show_record", "conversation", "show", "show_flow"):
                _sound(page.event(call, page.tab, event={"turn": 1}))
            page.event("stop", page.tab)

    return run


def _data(data: Sequence[object] | None) -> Run:
    def run(target: Target) -> None:
        with Page(target.address) as page:
            for name in page.calls:
                if not name.startswith("follow"):
                    _sound(page.event(name, *(data or []), event={}))

    return run


def _event(event: object) -> Run:
    def run(target: Target) -> None:
        with Page(target.address) as page:
            page.ask(QUESTION)
            for name, inputs in page.inputs.items():
                if not name.startswith(("follow", "build", "delete_3")):
                    _sound(page.event(name, page.tab, *[""] * (inputs - 1), event=event))

    return run


@dataclass
class Attack:
    """Runs cases; `say` gets one line for each and the closing one."""

    folder: Path
    passed: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self, chosen: Sequence[Case]) -> Iterator[str]:
        with LoopbackOpenAI() as provider, Foreign() as foreign, Target(self.folder, provider, foreign) as target:
            target.news()
            for case in chosen:
                yield self._line(case, target)
        yield f"{self.passed} passed, {len(self.failures)} failed"

    def _line(self, case: Case, target: Target) -> str:
        began = time.monotonic()
        wrong = self._attacked(case, target)
        took = f"{time.monotonic() - began:.1f} s"
        if not wrong:
            self.passed += 1
            return f"ok      {case.kind}: {case.id} ({took})"
        self.failures.append(case.id)
        known = f" [known: {case.pending}]" if case.pending else ""
        return f"FAILED  {case.kind}: {case.id} ({took}): {'; '.join(wrong)}{known}"

    def _attacked(self, case: Case, target: Target) -> list[str]:
        """What did not hold."""
        seen = set(target.outside())
        known, target.before, target.peak = target.descriptors(), target.memory(), 0
        asked = len(target.foreign.requests)
        wrong = _within(FILE_S if case.kind == "files" else CASE_S, lambda: case.run(target))
        alive = _within(ANSWER_S, lambda: _answers(target))
        wrong += [f"afterwards: {why}" for why in alive]
        wrong += self._left(target, seen, known, asked)
        if alive:
            target.again()
            target.news()
        return wrong

    def _left(self, target: Target, seen: set[str], known: int, asked: int) -> list[str]:
        """What an attack left behind."""
        news, wrong = target.news(), []
        if found := TRACE.search(news):
            last = [line for line in news[found.start() :].splitlines() if line and not line.startswith(" ")]
            wrong.append(f"in the log: {found[0]} … {last[min(1, len(last) - 1)][:160]}")
        if SECRET in news:
            wrong.append("the key is in the log")
        if len(news) > 100_000:
            wrong.append(f"{len(news)} characters of log")
        if target.peak > target.before + MORE_MEGABYTES:
            wrong.append(f"{target.peak} MB held")
        if target.descriptors() > known + MORE_DESCRIPTORS:
            wrong.append(f"{target.descriptors()} descriptors open")
        if new := target.outside() - seen:
            wrong.append(f"written outside the data folder: {sorted(new)[:3]}")
        if came := target.foreign.requests[asked:]:
            wrong.append(f"the foreign server was asked: {came[:3]}")
        return wrong


def _answers(target: Target) -> None:
    """Another visitor is answered as ever."""
    with Page(target.address) as page:
        told = page.ask(QUESTION)
        assert not told.failed, f"a plain question fails: {told.words[:200]}"
        assert "SIGHUP" in told.text, "a plain question is not answered"


def _within(seconds: float, work: Callable[[], None]) -> list[str]:
    """What went wrong with `work`, or that it did not end."""
    wrong: list[str] = []

    def run() -> None:
        try:
            work()
        except Exception as e:  # the attacker's own errors count too: a case must end in words
            wrong.append(str(e)[:300] if isinstance(e, AssertionError) else f"{type(e).__name__}: {str(e)[:200]}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return [f"no end within {seconds:g} s"] if thread.is_alive() else wrong


def attack(chosen: Sequence[Case]) -> Iterator[str]:
    """The lines to be told, the last of which counts."""
    with tempfile.TemporaryDirectory(prefix="plainsight-attack-", ignore_cleanup_errors=True) as folder:
        yield from Attack(Path(folder)).run(chosen)
