"""Saved evidence checked again: what holds, what does not, and what changed since in the knowledge base."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.accounts.actor import OPERATOR
from rag.build import opened as running
from rag.cli.evidence import DIFFERS, NO_EVIDENCE, OK
from rag.documents.reconstruction import stands_in
from rag.errors import BundleRefused
from rag.events import Cancel
from rag.evidence.bundle import Bundle, DocumentHash, as_json, bundle_of, in_page, opened
from rag.evidence.verify import Finding, Verdict, compare, examine
from rag.ledger import Answered, Ledger, Match, Request
from rag.messages import LANGUAGES, reason, text
from rag.settings import Settings
from rag.types import Chunk, Message
from rag.ui.html.evidence.bundle import page
from tests import ROOT
from tests.cli.test_main import CommandLine
from tests.support.searches import found_by, with_found

from .test_bundle import PASSAGE, answered, saved


def found_in(bundle: Bundle) -> dict[str, Verdict]:
    """Code of each finding -> its verdict, for a bundle written anew, digest and all."""
    return {f.what.code.removeprefix("verify."): f.verdict for f in examine(opened(as_json(bundle).encode()))}


def test_evidence_as_it_was_saved_matches() -> None:
    findings = list(examine(opened(in_page(saved(), page(saved(), "en")).encode())))
    assert [f.what.code.removeprefix("verify.") for f in findings] == [
        "intact",
        "page",
        "passages",
        "sent",
        "quotes",
        "citations",
    ]
    assert {f.verdict for f in findings} == {Verdict.MATCHES}
    assert findings[2].what.values["count"] == 2


def test_an_answer_without_candidates_or_messages_matches() -> None:
    empty = replace(with_found(answered(answer="Hello!"), None), messages=(), quotes=())
    assert found_in(saved(empty)) == {
        "intact": Verdict.MATCHES,
        "passages": Verdict.MATCHES,
        "citations": Verdict.MATCHES,
    }


def with_passage(ledger: Ledger, text: str) -> Ledger:
    """The same record with another text in its context, of the same length."""
    kept, *rest = ledger.candidates
    stored = replace(kept.stored, chunk=replace(kept.stored.chunk, text=text))
    return with_found(ledger, replace(found_by(ledger), candidates=(replace(kept, stored=stored), *rest)))


def with_score(ledger: Ledger) -> Ledger:
    kept, *rest = ledger.candidates
    return with_found(ledger, replace(found_by(ledger), candidates=(replace(kept, log_odds=9.0), *rest)))


def quoted(ledger: Ledger, **changes: object) -> Ledger:
    return replace(ledger, quotes=(replace(ledger.quotes[0], **changes),))  # type: ignore[arg-type]


FORGED = PASSAGE.replace("night", "month")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param(
            lambda b: replace(b, record=with_passage(b.record, FORGED)),
            {"passage_changed", "not_sent", "quote_missing"},
            id="a passage",
        ),
        pytest.param(
            lambda b: saved(with_passage(b.record, FORGED)), {"not_sent", "quote_missing"}, id="a passage with its hash"
        ),
        pytest.param(lambda b: replace(b, record=with_score(b.record)), {"passage_changed"}, id="a score"),
        pytest.param(lambda b: replace(b, passages=b.passages[1:]), {"passage_changed"}, id="a hash is gone"),
        pytest.param(
            lambda b: replace(b, documents=(DocumentHash("", "other.md", "1" * 64),)),
            {"document_unnamed"},
            id="a document's hash",
        ),
        pytest.param(lambda b: saved(quoted(b.record, text="Every morning.")), {"quote_missing"}, id="a quote"),
        pytest.param(
            lambda b: saved(quoted(b.record, match=Match.MISSING, start=0, end=0)), {"quote_found"}, id="a quote denied"
        ),
        pytest.param(lambda b: saved(quoted(b.record, start=45, end=50)), {"quote_missing"}, id="a quote's place"),
        pytest.param(lambda b: saved(quoted(b.record, number=7)), {"quote_missing"}, id="a quote's context"),
        pytest.param(
            lambda b: saved(replace(b.record, answer="Every night, it seems [1].")),
            {"citations_changed"},
            id="citations",
        ),
        pytest.param(
            lambda b: saved(replace(b.record, messages=(Message("user", "Make something up."),))),
            {"not_sent"},
            id="the messages",
        ),
    ],
)
def test_what_was_changed_is_told_even_with_a_digest_of_its_own(
    change: Callable[[Bundle], Bundle], codes: set[str]
) -> None:
    found = found_in(change(saved()))
    assert {code for code, verdict in found.items() if verdict is Verdict.DIFFERS} == codes
    assert found["intact"] is Verdict.MATCHES


def test_quotes_that_were_not_found_and_are_not_there_match() -> None:
    missing = quoted(
        answered(), text="Backups are taken on Sundays.", match=Match.MISSING, similarity=0.0, start=0, end=0
    )
    assert found_in(saved(missing))["quotes_and_lost"] is Verdict.MATCHES


def test_a_line_cannot_command_the_terminal() -> None:
    line = Finding(Verdict.DIFFERS, reason("verify.document_gone", document="\x1b[2Ja\u202e.md\n")).line("en")
    assert line == "DIFFERS  �[2Ja�.md� is not in the knowledge base any more."


# ---- the knowledge base ---------------------------------------------------------------------------------------------


@dataclass
class Held:
    """A knowledge base of texts, each one chunk."""

    texts: dict[str, str]
    sha256: str = "0" * 64
    start: int = 0
    asked: list[str] = field(default_factory=list)

    def hashes(self, base: str) -> Mapping[str, str]:
        return dict.fromkeys(self.texts, self.sha256)

    def chunks(self, base: str, document: str) -> Sequence[Chunk]:
        text = self.texts[document]
        return [Chunk(0, self.start, self.start + len(text), (), text, 1)]


BACKUP, FRUIT = f"{'#' * 30}{PASSAGE} More.", "Bananas are yellow."


@pytest.mark.parametrize(
    ("held", "codes"),
    [
        pytest.param(Held({"guides/backup.md": BACKUP, "fruit.md": FRUIT}), ["document", "document"], id="as it was"),
        pytest.param(Held({"fruit.md": FRUIT}), ["document_gone", "document"], id="one is gone"),
        pytest.param(
            Held({"guides/backup.md": BACKUP.replace("A backup", "Backups"), "fruit.md": FRUIT}),
            ["passage_moved", "document"],
            id="it reads differently under the same hash",
        ),
        pytest.param(
            Held({"guides/backup.md": f"New. {PASSAGE}", "fruit.md": "Bananas are blue."}, sha256="1" * 64),
            ["document_changed", "document_changed"],
            id="both were changed",
        ),
    ],
)
def test_documents_are_compared_with_those_at_hand(held: Held, codes: list[str]) -> None:
    findings = list(compare(saved(), held))
    assert [f.what.code.removeprefix("verify.") for f in findings] == codes
    assert [f.verdict is Verdict.MATCHES for f in findings] == [code == "document" for code in codes]
    if codes[0] == "document_changed":
        assert [f.what.values["still"] for f in findings] == [1, 0]


@given(st.text(alphabet="ab \n", max_size=60), st.data())
def test_a_chunk_stands_however_the_document_is_cut_by_now(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [(a, b) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) if text[a:b].strip()]
    chunks = [Chunk(n, a, b, (), text[a:b], 1) for n, (a, b) in enumerate(pieces)]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    one = Chunk(0, start, end, (), text[start:end], 1)
    assert stands_in(one, chunks)
    letters = [n for n, char in enumerate(one.text) if not char.isspace()]
    if letters:
        at = data.draw(st.sampled_from(letters))
        assert not stands_in(replace(one, text=f"{one.text[:at]}c{one.text[at + 1 :]}"), chunks)


# ---- the command, with the packaged models --------------------------------------------------------------------------


def test_the_command_on_a_real_answer(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    (tmp_path / "docs").mkdir()
    backup, fruit = tmp_path / "docs" / "backup.md", tmp_path / "docs" / "fruit.md"
    backup.write_text("# Backup\n\nA backup is taken every night at two.\n", encoding="utf-8")
    fruit.write_text("# Fruit\n\nBananas are yellow.\n", encoding="utf-8")
    assert run("ingest", tmp_path / "docs")[0] == OK
    settings = Settings.from_env({"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(tmp_path)})
    with running(settings) as service:
        events = service.ask(OPERATOR, Request("When is the backup taken?"), cancel=Cancel())
        ledger = next(e.ledger for e in events if isinstance(e, Answered))
        bundle = bundle_of(ledger, saved_at=0.0)
        file, plain = tmp_path / "evidence.html", tmp_path / "evidence.json"
        file.write_text(in_page(bundle, page(bundle, "zh")), encoding="utf-8")
        plain.write_text(as_json(bundle), encoding="utf-8")
        busy = subprocess.run(
            [sys.executable, "-m", "rag", "verify", str(file)],
            cwd=tmp_path,
            env={**os.environ, "RAG_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (busy.returncode, busy.stderr) == (OK, "")
    assert "unchecked  No knowledge base is at hand" in busy.stdout and "another process" in busy.stdout.lower()

    for saved_as in (file, plain):
        code, out, err = run("verify", saved_as)
        assert (code, err) == (OK, ""), out
        assert "matches  backup.md is in the knowledge base as it was; its passage here (1)" in out
        assert out.endswith("Everything that could be checked matches.\n")

    backup.write_text("# Backup\n\nA backup is taken every week.\n", encoding="utf-8")
    assert run("ingest", tmp_path / "docs")[0] == OK and run("delete", "fruit.md")[0] == OK
    code, out, _ = run("verify", file)
    assert code == DIFFERS
    assert "DIFFERS  backup.md was changed in the knowledge base since: 0 of 1 passage " in out
    assert "DIFFERS  fruit.md is not in the knowledge base any more." in out
    assert out.endswith("Does not match any more: 2 of the checks above.\n")
    assert run("verify", file, "--without-documents")[0] == OK

    plain.write_text(plain.read_text(encoding="utf-8").replace("every night", "every month"), encoding="utf-8")
    code, out, _ = run("verify", plain, "--without-documents")
    assert code == DIFFERS and "changed after it was saved: its digest is another one" in out


def test_verify_alone_makes_no_database_and_says_what_is_no_evidence(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    (tmp_path / "e.json").write_text(as_json(saved()), encoding="utf-8")
    code, out, _ = run("verify", tmp_path / "e.json")
    assert code == OK and "milvus.db is not there" in out
    assert not (tmp_path / "milvus.db").exists()
    (tmp_path / "x.html").write_text("<p>Hello</p>", encoding="utf-8")
    code, out, err = run("verify", tmp_path / "x.html")
    assert (code, out) == (NO_EVIDENCE, "") and "holds no saved evidence" in err
    code, _, err = run("verify", tmp_path / "missing.html")
    assert code == NO_EVIDENCE and "missing.html" in err


class Bare:
    """A knowledge base of which every document is the same one."""

    def hashes(self, base: str) -> Mapping[str, str]:
        return dict.fromkeys(["guide.md", ""], "0" * 64)

    def chunks(self, base: str, document: str) -> Sequence[Chunk]:
        return [Chunk(0, 0, len(PASSAGE), (), PASSAGE, 3)]


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to every value of a JSON document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inside for place in places(each, (*path, key)))]


def at(data: Any, path: Sequence[Any]) -> Any:
    for key in path:
        data = data[key]
    return data


ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, 10**30, 0.5, -1e300, "", "x", "\ud800", "\0", [], {}, [[]], "stages.nope"]
)


@given(st.data())
def test_however_a_file_was_edited_it_ends_in_verdicts_or_a_sentence(data: st.DataObject) -> None:
    edited = json.loads(as_json(saved()))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, key = data.draw(st.sampled_from(places(edited)[1:]))
        holder = at(edited, path)
        other = at(edited, data.draw(st.sampled_from(places(edited)[1:])))
        holder[key] = data.draw(st.one_of(ODD, st.just(copy.deepcopy(other))))
        if isinstance(holder, list):
            holder[:] = data.draw(st.permutations(holder)) + holder[: data.draw(st.integers(0, 1))]
        elif data.draw(st.integers(0, 9)) == 0:
            del holder[key]
    try:
        found = opened(json.dumps(edited).encode())
    except BundleRefused as e:
        assert text(e.reason, "en")
        return
    findings = [*examine(found), *compare(found.bundle, Bare())]
    assert all(finding.line(language).isprintable() for finding in findings for language in LANGUAGES)


def test_passages_that_changed_places_differ() -> None:
    edited = json.loads(as_json(saved()))
    first, second, *_ = edited["record"]["searches"][0]["retrieval"]["candidates"]
    first["stored"]["chunk"], second["stored"]["chunk"] = second["stored"]["chunk"], first["stored"]["chunk"]
    second["dropped"] = {"code": "stages.below_threshold", "values": {"probability": 0.1, "threshold": 0.5}}
    differing = [f.what.code for f in examine(opened(json.dumps(edited).encode())) if f.verdict is Verdict.DIFFERS]
    assert differing.count("verify.passage_changed") == 2
