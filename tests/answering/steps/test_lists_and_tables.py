"""Lists and tables as steps: the answer opens with the figure and cites its rows, within the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.answering.steps.budget import StepBudget
from rag.cli.report import step_lines
from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.convert.delimited import delimited_to_markdown
from rag.events import Cancel
from rag.evidence.export import export_markdown
from rag.evidence.records import read, write
from rag.ledger import Answered, Ledger, Match, Outcome, Request
from rag.messages import LANGUAGES, Language, Reason
from rag.messages import text as in_words
from rag.protocols import ChatModel
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope, SearchTarget
from rag.store import MilvusStore
from rag.types import Candidate, Chunk, Document, Narrowing, RetrievalOptions
from rag.types.steps import Approach, StepFork, StepKind, Thoroughness
from rag.ui.html.answer import displays
from rag.ui.state.turn import Turn
from tests.support.fakes import BagEmbedder, OverlapReranker, ScriptedChat
from tests.support.knowledge import open_store

ROWS = "| P-1 | 240 |\n| P-2 | 1,024 |\n| P-3 | =95.5 |\n| P-4 | 6 |\n"
TABLE = f"Loads of the pumps.\n\n| Pump | Load (kg) |\n|---|---|\n{ROWS}"
DOCUMENTS = {
    "plant/pumps.md": (TABLE, ("pump", "station"), "2024-03-01"),
    "plant/valves.md": ("Valves close by themselves.", ("station",), "2024-05-20"),
    "secret/<b>salaries.md": ("Salaries of the pumps.", ("station",), ""),
}
FIELDS = {"plant/valves.md": (("stage", ("draft",)),), "secret/<b>salaries.md": (("stage", ("final",)),)}
OPTIONS = RetrievalOptions(candidates=5, contexts=3, threshold=0.3)


def text_of(said: Reason) -> str:
    return in_words(said, "en")


class Listing:
    """Names the documents of the contexts."""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield " ".join(f"{c.stored.document} [{c.number}]" for c in contexts)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    embedder = BagEmbedder(256)
    opened = open_store(tmp_path_factory.mktemp("lists"), embedder, {})
    for name, (text, tags, date) in DOCUMENTS.items():
        piece = Chunk(0, 0, len(text), ("Guide",), text, 9)
        digest = sha256(text.encode()).hexdigest()
        document = Document(
            name, digest, name, "en", len(text), 1, 9, 0.0, tags=tags, date=date, fields=FIELDS.get(name, ())
        )
        opened.put(document, [piece], embedder.embed_documents([piece.embedded_text]))
    opened.flush()
    yield opened
    opened.close()


Ask = Callable[..., Ledger]


@pytest.fixture
def ask(store: MilvusStore) -> Ask:
    return asking(store)


def asking(store: MilvusStore, *, steps: StepBudget | None = None, clock: Callable[[], float] | None = None) -> Ask:
    def asked(
        question: str,
        part: Narrowing | None = None,
        chat: ChatModel | None = None,
        documents: tuple[str, ...] = (),
        approach: Approach = Approach.AUTO,
        thoroughness: Thoroughness = Thoroughness.NORMAL,
        given: Ledger | None = None,
        fork: StepFork | None = None,
    ) -> Ledger:
        embedder, reranker = BagEmbedder(256), OverlapReranker()
        options = replace(OPTIONS, documents=documents, approach=approach, thoroughness=thoroughness)
        scope = Scope([SearchTarget("kb", "Main", store, part)])
        answerer = Answerer(
            Retriever(embedder, reranker, scope, detect_language=lambda _: "en", policy=Policy()), scope, chat=chat,
            extractor=Listing(), count_tokens=embedder.count_tokens, detect_language=lambda _: "en",
            budget=PromptBudget(), setup=Setup("offline", {"reranker": reranker.info}), shelf=scope,
            steps=steps, now=clock or (lambda: 0.0), wall_clock=lambda: 0.0,
        )  # fmt: skip
        *_, last = answerer.ask(Request(question, options=options, id="a", given=given, fork=fork), cancel=Cancel())
        assert isinstance(last, Answered)
        return last.ledger

    return asked


def test_documents_are_counted_and_cited(ask: Ask) -> None:
    ledger = ask("How many documents are tagged station?")
    assert [step.kind for step in ledger.steps] == [StepKind.SEARCH, StepKind.LIST, StepKind.ANSWER]
    assert ledger.answer.startswith("3 documents tagged “station” [") and ledger.outcome is Outcome.EXTRACTIVE
    table = ledger.steps[1].table
    assert table is not None and [row.document for row in table.rows] == sorted(DOCUMENTS) and table.total == 3
    assert all(citation.valid for citation in ledger.citations) and ledger.citations
    assert "plant/valves.md" in {c.stored.document for c in ledger.contexts}


def test_front_matter_is_listed_and_counted_within_the_scope(ask: Ask) -> None:
    ledger = ask("How many documents have stage draft?")
    assert ledger.answer.startswith("1 document with stage “draft” [")
    ledger = ask("How many documents are there by stage?")
    (step,) = [step for step in ledger.steps if step.kind is StepKind.TABULATE]
    assert step.table is not None and "draft 1" in text_of(step.table.says) and "final 1" in text_of(step.table.says)
    assert step.documents == () and read(write(ledger)) == ledger
    assert all(row.document in DOCUMENTS for row in step.table.rows)
    part = Narrowing("kb", documents=("plant/",))
    (step,) = [s for s in ask("How many documents are there by stage?", part).steps if s.kind is StepKind.TABULATE]
    assert step.table is not None and "final" not in text_of(step.table.says)


def test_a_figure_is_told_first_and_cites_the_passage_of_its_row(ask: Ask) -> None:
    ledger = ask("What is the highest load of the pumps?")
    said, _, row_said = ledger.answer.partition("\n\n")
    assert said == "The highest Load is 1024 kg: P-2 (of 3 rows) (1 row without a number left out) [1]."
    assert row_said == "- P-2: Load 1,024 kg [1]", "the row as it is read in its passage"
    assert "P-2: Load 1,024 kg" in ledger.contexts[0].stored.chunk.reading.text
    assert ledger.contexts[0].stored.document == "plant/pumps.md"
    step = next(step for step in ledger.steps if step.table)
    assert step.kind is StepKind.TABULATE and step.table is not None
    row = step.table.rows[1]
    assert row.cells == ("P-2", "1,024") and TABLE[row.start : row.end].startswith("P-2")


def test_a_figure_comes_from_every_row_of_a_file_of_values(tmp_path: Path) -> None:
    text = delimited_to_markdown(BytesIO(("Pump;Load (kg)\n" + "".join(f"P-{n};{n}\n" for n in range(90))).encode()))
    embedder = BagEmbedder(256)
    chunks = chunk(text, count_tokens=embedder.count_tokens, limits=ChunkLimits(max_tokens=120))
    store = open_store(tmp_path, embedder, {})
    digest = sha256(text.encode()).hexdigest()
    document = Document("pumps.csv", digest, "pumps", "en", len(text), len(chunks), 9, 0.0, kind="csv")
    store.put(document, chunks, embedder.embed_documents([each.embedded_text for each in chunks]))
    store.flush()
    ledger = asking(store)("What is the highest load of the pumps?")
    store.close()
    assert len(chunks) > 2 and ledger.answer.startswith("The highest Load is 89 kg: P-89 (of 90 rows)")
    assert StepKind.TABULATE in {step.kind for step in ledger.steps}


def test_nothing_counts_beyond_the_scope(ask: Ask) -> None:
    told = ask("How many documents are there?", Narrowing("kb", ("plant/",)))
    assert told.answer.startswith("2 documents in all")
    assert ask("How many documents are there?", documents=("secret/",)).answer.startswith("1 document in all")
    table = ask("Which documents are tagged station?", Narrowing("kb", (), ("pump",))).steps[1].table
    assert table is not None and [row.document for row in table.rows] == ["plant/pumps.md"]
    hidden = ask("What is the highest load of the pumps?", Narrowing("kb", ("secret/",)))
    assert all(step.table is None for step in hidden.steps)


def test_no_document_is_an_answer_too(ask: Ask) -> None:
    for chat in (None, ScriptedChat(["No."])):
        ledger = ask("How many documents are tagged nowhere?", chat=chat)
        assert ledger.answer.startswith("0 documents tagged “nowhere”") and ledger.outcome is Outcome.EXTRACTIVE


def test_the_model_is_told_what_was_counted(ask: Ask) -> None:
    chat = ScriptedChat(["Yes [1]."])
    ledger = ask("What is the highest load of the pumps?", chat=chat)
    sent = ledger.messages[-1].content
    assert "The highest Load is 1024 kg: P-2" in sent and "| P-2 | 1,024 |" in sent
    assert sent.index("The highest Load") < sent.index("Question:")


def test_a_record_keeps_tables_and_old_ones_have_none(ask: Ask) -> None:
    ledger = ask("How many documents are tagged station?")
    assert read(write(ledger)) == ledger
    without = write(replace(ledger, steps=tuple(replace(step, table=None) for step in ledger.steps)))
    assert read(without.replace(',"table":null', "")).steps[1].table is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_are_shown_saved_and_copied(ask: Ask, language: str) -> None:
    ledger = ask("What is the highest load of the pumps?")
    listed = ask("Which documents are tagged station?")
    turn = Turn(1, "q", OPTIONS).with_ledger(ledger)
    shown = displays.below(turn, language)
    assert 'data-act="display-sort"' in shown and "1,024" in shown and 'data-name="plant/pumps.md"' in shown
    assert "&lt;b&gt;salaries" in displays.below(Turn(1, "q", OPTIONS).with_ledger(listed), language)
    assert "<b>salaries" not in displays.kept(listed, language) and "<button" not in displays.kept(listed, language)
    table = ledger.steps[1].table
    assert table is not None
    assert displays.as_csv(table, language).splitlines() == [
        "Pump,Load (kg)", "P-1,240", 'P-2,"1,024"', "P-3,'=95.5", "P-4,6",
    ]  # fmt: skip
    assert "| P-2 | 1,024 |" in export_markdown([ledger], language)


def test_few_rows_are_named_one_by_one_and_many_are_not(ask: Ask) -> None:
    assert ask("What is the load of P-1?").answer.count("\n- ") == 1
    assert ask("What is the total load of the pumps in the table?").answer.count("\n- ") == 0


def test_a_model_is_told_in_which_context_each_row_stands(ask: Ask) -> None:
    sent = ask("What is the highest load of the pumps?", chat=ScriptedChat(["Yes [1]."])).messages[-1].content
    assert "| P-2 | 1,024 | context 1" in sent


def test_a_row_a_model_quotes_is_looked_up_letter_by_letter(ask: Ask) -> None:
    question = "What is the highest load of the pumps?"
    for words, found in (("P-2: Load 1,024 kg", True), ("| P-2 | 1,024 |", True), ("P-2: Load 1,025 kg", False)):
        ledger = ask(question, chat=ScriptedChat([f'It is that of P-2 [1 "{words}"].']))
        assert [q.match is not Match.MISSING for q in ledger.quotes] == [found], words


@pytest.mark.parametrize(("language", "narrowed"), [("en", "In the folder: plant/"), ("zh", "文件夹: plant/")])
def test_the_command_line_tells_how_a_step_was_narrowed(ask: Ask, language: Language, narrowed: str) -> None:
    steps = ask("How many documents are in the folder plant?").steps
    assert narrowed in "\n".join(line for step in steps for line in step_lines(step, language))
