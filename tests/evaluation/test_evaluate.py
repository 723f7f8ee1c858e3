"""Evaluation: files, measures against hand-worked values, and the whole path on real Milvus Lite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.documents.chunking import ChunkLimits
from rag.errors import RagError
from rag.evaluation.dataset import CorpusDocument, Question, check_labels, read_corpus, read_questions
from rag.evaluation.evaluate import STAGES, Evaluation, evaluate, ranked_documents
from rag.evaluation.measures import MEASURES, auc, holds_one, measures
from rag.evaluation.scoreboard import as_json, table
from rag.knowledge.ingest import Ingest
from rag.messages import reason
from rag.models.loaded import Models
from rag.protocols import ChatModel
from rag.retrieval.retriever import Policy, Retriever
from rag.runtime import Parts
from rag.types import Candidate, Ranked, RetrievalOptions
from tests import ROOT
from tests.support.evidence import candidate
from tests.support.fakes import BagEmbedder, OverlapReranker, ScriptedChat
from tests.support.knowledge import open_store

CORPUS = [
    CorpusDocument("tls", "Certificates", "Rotate it online by sending a signal."),
    CorpusDocument("backup", "Backups", "A copy is taken every night."),
    CorpusDocument("fruit", "Fruit", "Bananas are yellow."),
]
OPTIONS = RetrievalOptions(candidates=5, contexts=2, threshold=0.3)


class FirstContext:
    """Quotes the first context whole."""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield f"{contexts[0].stored.chunk.text} [1]"


def parts(folder: Path, chat: ChatModel | None = None) -> Parts:
    embedder, reranker = BagEmbedder(), OverlapReranker()
    store = open_store(folder, embedder, {})
    retriever = Retriever(embedder, reranker, store, detect_language=lambda _: "en", policy=Policy())
    conversation = Answerer(
        retriever,
        store,
        chat=chat,
        extractor=FirstContext(),
        count_tokens=embedder.count_tokens,
        detect_language=lambda _: "en",
        budget=PromptBudget(),
        setup=Setup("offline", {"embedder": embedder.info, "reranker": reranker.info}),
    )
    ingest = Ingest(store, embedder, limits=ChunkLimits(max_tokens=64, overlap_tokens=0), detect=lambda _: "en")
    models = Models(
        "offline", reason("runtime.profile_forced"), embedder, reranker, FirstContext(), afterwards=lambda _: None
    )
    return Parts(models, store, retriever, conversation, ingest)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Parts]:
    built = parts(tmp_path)
    yield built
    built.store.close()


def question(text: str, *relevant: str, answer_any: tuple[str, ...] = ()) -> Question:
    return Question(text, text, relevant, answer_any)


# ---- measures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relevant", "run", "expected"),
    [
        pytest.param([{"a"}], [["a", "b"]], (1, 1, 1, 1, 1), id="first"),
        pytest.param([{"a"}], [["b", "a"]], (0.6309, 0.5, 1, 1, 0), id="second"),
        pytest.param([{"a"}], [["b", "c", "d", "a"]], (0.4307, 0.25, 0, 1, 0), id="fourth"),
        pytest.param([{"a", "b"}], [["a", "c", "d", "b"]], (0.8772, 1, 0.5, 1, 1), id="two relevant ones"),
        pytest.param([{"a"}], [["b", *"cdefghijk", "a"]], (0, 0, 0, 0, 0), id="eleventh"),
        pytest.param([{"a"}, {"a"}], [["a"], []], (0.5, 0.5, 0.5, 0.5, 0.5), id="nothing found for one of two"),
        pytest.param([{"a"}], [[]], (0, 0, 0, 0, 0), id="nothing found at all"),
    ],
)
def test_measures(relevant: list[set[str]], run: list[list[str]], expected: tuple[float, ...]) -> None:
    asked = [Question(str(n), "", tuple(ids)) for n, ids in enumerate(relevant)]
    found = measures(asked, {str(n): ranked for n, ranked in enumerate(run)})
    assert found == pytest.approx(dict(zip(MEASURES, expected, strict=True)), abs=1e-4)


def test_no_questions_have_no_measures() -> None:
    assert measures([], {}) == {}


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        pytest.param([0.9, 0.8], [0.1, 0.2], 1.0, id="apart"),
        pytest.param([0.1], [0.9], 0.0, id="upside down"),
        pytest.param([0.5], [0.5], 0.5, id="a tie"),
        pytest.param([0.9, 0.4], [0.5, 0.1], 0.75, id="three of four pairs"),
        pytest.param([], [0.5], 0.5, id="one side empty"),
    ],
)
def test_auc(positive: list[float], negative: list[float], expected: float) -> None:
    assert auc(positive, negative) == expected


@pytest.mark.parametrize(
    ("answer", "strings", "expected"),
    [
        ("Use the MinIO root", ("minio",), True),
        ("none", ("a.b", "ONE"), True),
        ("none", ("x",), False),
        ("", (), False),
        ("4 documents", ("4 document",), True),
        ("14 documents", ("4 document",), False),
        ("It is 100.", ("100",), True),
        ("It is 1,100", ("100",), False),
        ("It is 100.5", ("100",), False),
        ("共 12 行", ("2 行",), False),
    ],
)
def test_holds_one(answer: str, strings: tuple[str, ...], expected: bool) -> None:
    assert holds_one(answer, strings) is expected


def test_a_document_ranks_by_its_best_chunk_in_each_order() -> None:
    def chunk(document: str, start: int, dense: int | None, full_text: int | None, fused: int, final: int) -> Candidate:
        return replace(
            candidate("text", document=document, start=start, number=final),
            dense=Ranked(dense, 1.0) if dense else None,
            full_text=Ranked(full_text, 1.0) if full_text else None,
            fused=Ranked(fused, 1.0),
        )

    candidates = [
        chunk("b", 0, 3, 1, 2, 1),
        chunk("a", 0, 1, None, 1, 2),
        chunk("b", 9, 2, 2, 3, 3),
        chunk("c", 0, None, 3, 4, 4),
    ]
    assert {stage: ranked_documents(candidates, stage) for stage in STAGES} == {
        "dense": ["a", "b"],
        "full_text": ["b", "c"],
        "hybrid": ["a", "b", "c"],
        "reranked": ["b", "a", "c"],
    }


# ---- the whole path -------------------------------------------------------------------------------------------------


def test_the_whole_path_is_measured(running: Parts) -> None:
    asked = [
        question("rotate online", "tls", answer_any=("SIGNAL", "other")),
        question("yellow bananas", "backup", answer_any=("night",)),  # labelled wrongly on purpose
        question("signal night", "tls"),
        question("no label"),
    ]
    nothing = [question("zebra quantum"), question("every night")]
    found = evaluate(running, CORPUS, asked, options=OPTIONS, unanswerable=nothing)
    assert (found.documents, found.questions, found.unlabelled) == (3, 3, 1)
    assert found.ranking["full_text"]["Hit@1"] == pytest.approx(1 / 3, abs=1 / 3)
    assert found.ranking["full_text"]["Recall@10"] == pytest.approx(2 / 3)
    assert found.ranking["dense"]["Recall@10"] == 1
    assert (found.answers, found.answered_right, found.generated) == (2, 1, False)
    assert found.abstention is not None
    assert (found.abstention.answerable, found.abstention.refused) == (3, 0)
    assert (found.abstention.unanswerable, found.abstention.answered) == (2, 1)
    assert found.abstention.auc == pytest.approx(4 / 6)


def test_calibration_counts_what_is_not_labelled_as_wrong(running: Parts) -> None:
    asked = [question("rotate it online by sending a signal", "tls"), question("zebra", "fruit")]
    found = evaluate(running, CORPUS, asked, options=OPTIONS, unanswerable=[question("every night")]).calibration
    assert found is not None
    assert (found.judged_only, found.pairs) == (False, 9)
    assert found.table[-1].right == 1 and sum(row.right for row in found.table) == 2
    assert found.error > 0


def test_calibration_on_judged_pairs_alone_where_a_set_names_wrong_ones(running: Parts) -> None:
    asked = [
        replace(question("rotate it online by sending a signal", "tls"), irrelevant=("fruit",)),
        replace(question("yellow bananas"), irrelevant=("tls",)),
    ]
    found = evaluate(running, CORPUS, asked, options=OPTIONS)
    assert (found.questions, found.unlabelled) == (1, 1)
    assert found.calibration is not None
    assert (found.calibration.judged_only, found.calibration.pairs) == (True, 3)
    assert sum(row.right for row in found.calibration.table) == 1
    lines = table(found, "en").splitlines()
    (head,) = (n for n, line in enumerate(lines) if "ECE" in line)
    assert lines[head].endswith("over 3 judged pairs of question and document")
    assert lines[head + 2].split()[0] == "0.0–0.1" and lines[head + 2].split()[-1] == "0/2"


def test_an_answerable_question_below_the_threshold_is_refused(running: Parts) -> None:
    strict = replace(OPTIONS, threshold=0.99)
    found = evaluate(
        running, CORPUS, [question("rotate online", "tls")], options=strict, unanswerable=[question("zebra")]
    )
    assert found.abstention is not None
    assert (found.abstention.refused, found.abstention.answered) == (1, 0)
    assert found.ranking["reranked"]["Hit@1"] == 1


@pytest.mark.parametrize(("with_titles", "hits"), [(True, 1.0), (False, 0.0)], ids=["with titles", "without"])
def test_titles_are_indexed_only_when_asked(running: Parts, with_titles: bool, hits: float) -> None:
    found = evaluate(running, CORPUS, [question("certificates", "tls")], options=OPTIONS, with_titles=with_titles)
    assert found.ranking["full_text"]["Hit@1"] == hits
    assert found.abstention is None


def test_an_empty_question_finds_nothing_and_counts(running: Parts) -> None:
    asked = [Question("1", " ", ("tls",), ("signal",)), question("rotate", "tls")]
    found = evaluate(running, CORPUS, asked, options=OPTIONS)
    assert found.ranking["reranked"]["Hit@1"] == 0.5
    assert (found.answers, found.answered_right) == (1, 0)


def test_a_chat_model_that_answers_is_what_is_measured(tmp_path: Path) -> None:
    built = parts(tmp_path, ScriptedChat(["It takes ", "a whistle [1]."]))
    found = evaluate(built, CORPUS, [question("rotate online", "tls", answer_any=("whistle",))], options=OPTIONS)
    built.store.close()
    assert (found.answered_right, found.generated) == (1, True)


def test_a_row_that_cannot_be_ingested_stops_the_measurement(running: Parts) -> None:
    with pytest.raises(RagError) as caught:
        evaluate(running, [*CORPUS, CorpusDocument("void", "", "  ")], [question("rotate", "tls")], options=OPTIONS)
    assert caught.value.reason.code == "evaluation.row_refused"
    assert caught.value.reason.values["id"] == "void"


def test_progress_is_told(running: Parts) -> None:
    told: list[tuple[str, int, int]] = []
    evaluate(
        running,
        CORPUS,
        [question("rotate", "tls")],
        options=OPTIONS,
        unanswerable=[question("zebra")],
        progress=lambda *what: told.append(what),
    )
    assert told == [("ingesting", 1, 3), ("ingesting", 2, 3), ("ingesting", 3, 3), ("asking", 1, 2), ("asking", 2, 2)]


# ---- shown ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def evaluation(running: Parts) -> Evaluation:
    return evaluate(
        running,
        CORPUS,
        [question("rotate online", "tls", answer_any=("signal",))],
        options=OPTIONS,
        unanswerable=[question("zebra")],
    )


def test_the_table_has_every_stage_measure_and_share(evaluation: Evaluation) -> None:
    lines = table(evaluation, "en").splitlines()
    (head,) = (line for line in lines if line.startswith("stage"))
    (reranked,) = (line for line in lines if line.startswith("reranked"))
    assert head.split() == ["stage", *MEASURES, "n"]
    assert reranked.split() == ["reranked", *["1.000"] * 5, "1"]
    assert len(head) == len(reranked)
    assert lines[-4:] == [
        "extractive answers holding one of the expected strings: 1 of 1 (100.0%)",
        "answerable questions refused at threshold 0.3: 0 of 1 (0.0%)",
        "unanswerable questions answered at threshold 0.3: 0 of 1 (0.0%)",
        "AUC of the best probability, answerable against unanswerable: 1.000",
    ]


def test_the_table_in_chinese(evaluation: Evaluation) -> None:
    lines = table(evaluation, "zh").splitlines()
    assert any(line.startswith("重排") for line in lines)
    assert lines[-1].endswith("1.000")


def test_json_holds_the_same_numbers(evaluation: Evaluation) -> None:
    found = json.loads(json.dumps(as_json(evaluation)))
    assert found["ranking"]["reranked"]["nDCG@10"] == 1
    assert found["abstention"]["refused"] == 0
    assert found["options"]["threshold"] == 0.3
    assert found["models"]["reranker"]["name"] == "overlap"


# ---- files ----------------------------------------------------------------------------------------------------------


def written(folder: Path, *lines: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_files_are_read(tmp_path: Path) -> None:
    corpus = written(tmp_path, {"id": "a", "source": "x", "title": "T", "text": "one"}, "", {"id": "b", "text": "two"})
    assert read_corpus(corpus) == [CorpusDocument("a", "T", "one"), CorpusDocument("b", "", "two")]
    asked = written(
        tmp_path,
        {"qid": "1", "query": "q", "relevant": ["a"], "relevant_zh": [], "answer_any": ["x"], "kind": "k"},
        {"qid": "2", "query": "", "relevant": [], "relevant_zh": ["b"]},
    )
    assert read_questions(asked) == [Question("1", "q", ("a",), ("x",), kind="k"), Question("2", "", ())]
    assert read_questions(asked, relevant="relevant_zh")[1].relevant == ("b",)
    assert [q.relevant for q in read_questions(asked, relevant=None)] == [(), ()]


ROW: dict[str, Any] = {"id": "a", "text": "t"}
ASKED: dict[str, Any] = {"qid": "1", "query": "q", "relevant": ["a"]}


@pytest.mark.parametrize(
    ("read", "lines", "code", "line"),
    [
        pytest.param(read_corpus, [ROW, "{"], "not_json", 2, id="not JSON"),
        pytest.param(read_corpus, ["", "[1]"], "not_an_object", 2, id="not an object"),
        pytest.param(read_corpus, [ROW, {"id": "b"}], "bad_field", 2, id="no text"),
        pytest.param(read_corpus, [{"id": " ", "text": "t"}], "bad_field", 1, id="a blank id"),
        pytest.param(read_corpus, [{"id": 7, "text": "t"}], "bad_field", 1, id="an id that is a number"),
        pytest.param(read_corpus, [{**ROW, "title": None}], "bad_field", 1, id="a title that is no text"),
        pytest.param(read_corpus, [ROW, ROW], "twice", None, id="the same id twice"),
        pytest.param(read_corpus, [""], "empty", None, id="an empty file"),
        pytest.param(read_questions, [{"qid": "1", "relevant": []}], "bad_field", 1, id="no query"),
        pytest.param(read_questions, [{"qid": "1", "query": "q"}], "bad_list", 1, id="no labels"),
        pytest.param(read_questions, [{**ASKED, "relevant": "a"}], "bad_list", 1, id="a label that is no list"),
        pytest.param(read_questions, [{**ASKED, "relevant": [1]}], "bad_list", 1, id="a label that is a number"),
        pytest.param(read_questions, [{**ASKED, "answer_any": "x"}], "bad_list", 1, id="answers that are no list"),
        pytest.param(read_questions, [ASKED, ASKED], "twice", None, id="the same question twice"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(
    tmp_path: Path, read: Any, lines: list[object], code: str, line: int | None
) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(RagError) as caught:
        read(path)
    assert caught.value.reason.code == f"evaluation.{code}"
    assert caught.value.reason.values["path"] == str(path)
    assert caught.value.reason.values.get("line") == line


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.jsonl"
    if content:
        path.write_bytes(content)
    with pytest.raises(RagError) as caught:
        read_corpus(path)
    assert caught.value.reason.code == "evaluation.unreadable"


def test_a_label_the_corpus_does_not_have_is_refused(tmp_path: Path) -> None:
    check_labels(CORPUS, [question("q", "tls")], tmp_path)
    with pytest.raises(RagError) as caught:
        check_labels(CORPUS, [question("q", "tls", "nowhere")], tmp_path)
    assert caught.value.reason.values["document"] == "nowhere"


# ---- the command, with the packaged models --------------------------------------------------------------------------

HELP = [
    {"id": "cost", "title": "How much does it cost?", "text": "It is a free open-source project under Apache 2.0."},
    {"id": "limit", "title": "Is there a limit?", "text": "Vectors may have up to 32,768 dimensions."},
    {"id": "logs", "title": "Where are the logs?", "text": "Everything is printed to standard output."},
    {"id": "price", "title": "需要付费吗？", "text": "本项目免费开源，遵循 Apache 2.0 许可。"},
    {"id": "dimension", "title": "维度有上限吗？", "text": "向量最多支持 32768 维。"},
    {"id": "output", "title": "日志在哪里？", "text": "日志默认打印到标准输出。"},
]
QUESTIONS = [
    {"qid": "1", "query": "how much money does it cost?", "relevant": ["cost"], "answer_any": ["free"]},
    {"qid": "2", "query": "highest number of dimensions", "relevant": ["limit"], "answer_any": ["32,768"]},
    {"qid": "3", "query": "日志打印到哪里？", "relevant": ["output"], "answer_any": ["标准输出"]},
    {"qid": "4", "query": "向量最多多少维？", "relevant": ["dimension"], "answer_any": ["32768"]},
]
NOTHING = [{"qid": "5", "query": "How long should I boil an egg?"}, {"qid": "6", "query": "今天上海天气怎么样？"}]


def test_the_command_with_the_packaged_models(tmp_path: Path) -> None:
    files = {}
    for name, rows in (("corpus", HELP), ("queries", QUESTIONS), ("unanswerable", NOTHING)):
        files[name] = tmp_path / f"{name}.jsonl"
        files[name].write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    options = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    ran = subprocess.run(
        [sys.executable, "-m", "rag", "evaluate", *options, "--json", str(tmp_path / "out.json")],
        cwd=ROOT,
        env={**os.environ, "RAG_PROFILE": "offline", "RAG_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "reranked" in ran.stdout
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert found["profile"] == "offline"
    assert found["ranking"]["reranked"]["Hit@1"] == 1
    assert found["answered_right"] == 4
    assert (found["abstention"]["refused"], found["abstention"]["answered"]) == (0, 0)
    assert not (tmp_path / "data" / "milvus.db").exists()
