"""The command line on the real offline profile: every command once."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from rag.__main__ import main
from rag.build import opened
from rag.cli.exits import ABSTAINED, FAILED, OK
from rag.data_folder import KEPT
from rag.database import Database
from rag.evidence.conversation_store import ConversationStore
from rag.knowledge.change_counter import ChangeCounter
from rag.settings import Settings
from rag.store.from_settings import connected
from tests import ROOT
from tests.evidence.test_conversation_store import make_ledger
from tests.support.loaded_once import keep_loaded
from tests.support.loopback_openai import Good, LoopbackOpenAI, ModelList

Printed = tuple[int, str, str]
"""Exit code, standard output, standard error."""


class CommandLine:
    """Runs commands in this process over one knowledge base."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str | Path, **env: str) -> Printed:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            keep_loaded(patch)
            for name, value in {"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(self.folder), **env}.items():
                patch.setenv(name, value)
            code = main([str(arg) for arg in args])
        return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("data")
    (folder / "docs" / "guides").mkdir(parents=True)
    (folder / "docs" / "guides" / "backup.md").write_text(
        "# Backup\n\nA backup is taken every night at two.\n\n# Restore\n\nRun the restore command with a date.\n",
        encoding="utf-8",
    )
    (folder / "docs" / "水果.md").write_text("# 水果\n\n香蕉是黄色的，富含钾。\n", encoding="utf-8")
    command = CommandLine(folder)
    code, out, err = command("ingest", folder / "docs")
    assert code == OK, err
    assert sorted(line.split()[1] for line in out.splitlines()) == ["guides/backup.md", "水果.md"]
    return command


def test_ask_streams_a_quoted_answer_with_its_evidence(run: CommandLine) -> None:
    code, out, err = run("ask", "When is the backup taken?")
    assert code == OK, err
    assert "A backup is taken every night at two." in out and "[1]" in out
    assert "Extractive answer" in out and "guides/backup.md" in out
    assert "rerank     finished" in err


@pytest.mark.parametrize("how", [[], ["--json"]], ids=["in plain words", "as JSON"])
def test_thinking_that_only_ends_is_no_part_of_what_is_printed(run: CommandLine, how: list[str]) -> None:
    deltas = ["Okay, the user asks. [2]", "\n</think>\n\n", "The backup is taken ", "at two. [1]"]
    with LoopbackOpenAI(lambda request: Good(deltas)) as server:
        code, out, err = run(
            "ask", "When is the backup taken?", *how, OPENAI_API_KEY="sk-x", OPENAI_BASE_URL=server.url
        )
    assert code == OK, err
    answer = json.loads(out)["answer"] if how else out
    assert "The backup is taken at two. [1]" in answer
    assert "Okay" not in out and "think>" not in out


def test_ask_in_chinese(run: CommandLine) -> None:
    code, out, err = run("--language", "zh", "ask", "香蕉是什么颜色的？")
    assert code == OK, err
    assert "香蕉是黄色的，富含钾。" in out and "摘录式回答" in out


def test_ask_as_json_is_the_ledger(run: CommandLine) -> None:
    _code, out, _err = run(
        "ask", "When is the backup taken?", "--json", "--contexts", "1", "--document", "guides/backup.md"
    )
    ledger = json.loads(out)
    assert ledger["outcome"] == "extractive" and ledger["profile"] == "offline"
    assert ledger["options"]["documents"] == ["guides/backup.md"]
    kept = [c for c in ledger["retrieval"]["candidates"] if c["number"]]
    assert len(kept) == 1 and 0 < kept[0]["probability"] <= 1
    assert ledger["models"]["reranker"]["score_name"] == "offline_estimate"


def test_a_question_nothing_answers_exits_with_its_own_code(run: CommandLine) -> None:
    code, out, _err = run("ask", "Who painted the ceiling of the chapel?", "--threshold", "0.9")
    assert code == ABSTAINED
    assert "No answer" in out and "below the threshold" in out


def test_search_shows_evidence_without_an_answer(run: CommandLine) -> None:
    code, out, err = run("search", "restore command", "--mode", "full_text", "--no-rerank", "--json")
    assert code == OK, err
    found = json.loads(out)
    first = found["candidates"][0]
    assert first["stored"]["document"] == "guides/backup.md"
    assert first["dense"] is None and first["full_text"]["rank"] == 1 and first["log_odds"] is None


def test_options_are_used_as_they_were_set_and_refused_with_their_bounds(run: CommandLine) -> None:
    wide = {"RAG_CANDIDATES": "150", "RAG_CONTEXTS": "30"}
    options = json.loads(run("search", "restore command", "--json", **wide)[1])["options"]
    assert (options["candidates"], options["contexts"]) == (150, 30)
    said = json.loads(run("search", "restore command", "--json", "--candidates", "160", **wide)[1])["options"]
    assert (said["candidates"], said["contexts"]) == (160, 30)
    for beyond, bounds in (("--candidates", "1 to 200"), ("--contexts", "1 to 50")):
        code, _out, err = run("ask", "when?", beyond, "201")
        assert code == FAILED and bounds in err
    code, _out, err = run("kb", "set", "plainsight", "--contexts", "51")
    assert code == FAILED and "1 to 50" in err
    code, _out, err = run("ask", "when?", "--instruction", "x" * 501)
    assert code == FAILED and "500" in err


def test_documents_lists_without_loading_models(run: CommandLine) -> None:
    _code, out, _err = run("documents", "--json", RAG_PROFILE="qwen3")
    assert [d["name"] for d in json.loads(out)] == ["guides/backup.md", "水果.md"]


def test_a_refused_file_is_named_and_the_exit_code_says_so(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\x00\x01\x02\x03")
    code, out, err = run("ingest", tmp_path / "bad.md")
    assert code == FAILED
    assert out.startswith("refused") and "bad.md" in out and "Traceback" not in err


def test_documents_are_taken_again_from_their_kept_files(run: CommandLine) -> None:
    code, out, err = run("reingest", "guides/")
    assert code == OK, err
    assert out.split() == ["replaced", "guides/backup.md", "2", "chunks,", "0", "embedded"]
    code, out, err = run("reingest", RAG_CHUNK_OVERLAP="32", RAG_KEEP_ORIGINALS="false")
    assert (code, out) == (FAILED, "") and "RAG_KEEP_ORIGINALS" in err
    code, _out, err = run("reingest", "no.md")
    assert code == FAILED and "no.md" in err


def test_a_document_whose_file_is_gone_is_named_and_stays_as_it_is(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "loose.md").write_text("# Loose\n\nWithout a file.\n", encoding="utf-8")
    assert run("ingest", tmp_path / "loose.md", RAG_KEEP_ORIGINALS="false")[0] == OK
    code, out, _err = run("reingest", "loose.md", "水果.md")
    assert code == FAILED
    assert sorted(line.split()[0] for line in out.splitlines()) == ["refused", "replaced"] and "is not kept" in out
    (document,) = (d for d in json.loads(run("documents", "--json")[1]) if d["name"] == "loose.md")
    assert document["error"] is None, "it is in order as it stands"
    run("delete", "loose.md")


def test_the_doctor_says_what_the_kept_files_take_up(run: CommandLine) -> None:
    _code, out, _err = run("doctor")
    files = len(list(run.folder.glob("originals/??/*")))
    assert files >= 2 and f"original files: {files} of documents in" in out


def test_archives_take_the_files_along(run: CommandLine, tmp_path: Path) -> None:
    archive = tmp_path / "kb.zip"
    code, out, err = run("export", archive)
    assert code == OK and "With 2 original files." in out, err
    other = CommandLine(tmp_path)
    code, out, err = other("import", archive)
    assert code == OK and "With 2 original files." in out, err
    code, out, err = other("reingest", "guides/backup.md")
    assert code == OK and out.startswith("replaced"), err
    bare = CommandLine(tmp_path / "bare")
    bare.folder.mkdir()
    code, out, err = bare("import", archive, RAG_KEEP_ORIGINALS="false")
    assert code == OK and "2 original files of the archive are not kept" in out, err
    assert not (bare.folder / "originals").exists()


def test_damaged_documents_are_put_back_from_their_files_and_others_taken_out(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    for name, keep in (("kept", "true"), ("loose", "false"), ("later", "true")):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nThe {name} one.\n", encoding="utf-8")
        assert run("ingest", tmp_path / f"{name}.md", RAG_KEEP_ORIGINALS=keep)[0] == OK
    with closing(connected(replace(Settings(), data_dir=str(tmp_path)))) as connection, connection.writing():
        lost = 'document in ["kept.md", "loose.md"]'
        connection.call("delete", collection_name="plainsight", filter=lost)
        connection.call("flush", collection_name="plainsight")
    code, _out, err = run("search", "one")
    assert code == FAILED and "repair" in err
    code, out, err = run("repair")
    assert code == OK, err
    assert "Putting back from their kept files: 1" in out and "Put back: 1" in out and "Taken out: 1" in out
    assert [line for line in out.splitlines() if line.endswith(".md")] == ["loose.md"]
    found = json.loads(run("search", "the kept one", "--json")[1])["candidates"]
    assert {c["stored"]["document"] for c in found} == {"kept.md", "later.md"}


def test_delete_and_an_unknown_name(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("# Gone\n\nSoon.\n", encoding="utf-8")
    assert run("ingest", tmp_path / "gone.md")[0] == OK
    assert "1 document" in run("delete", "gone.md")[1]
    code, _out, err = run("delete", "gone.md")
    assert code == FAILED and "gone.md" in err


def test_a_knowledge_base_is_exported_and_imported_elsewhere(run: CommandLine, tmp_path: Path) -> None:
    code, out, err = run("export", tmp_path / "kb.zip")
    assert code == OK and "2 documents, 3 chunks" in out, err
    code, out, err = run("import", tmp_path / "kb.zip", RAG_DATA_DIR=str(tmp_path / "other"))
    assert code == OK and "2 documents, 3 chunks" in out, err
    added = [line.split()[1] for line in out.splitlines() if line.startswith("added")]
    assert sorted(added) == ["guides/backup.md", "水果.md"]
    code, out, _err = run("ask", "When is the backup taken?", RAG_DATA_DIR=str(tmp_path / "other"))
    assert code == OK and "every night at two" in out
    code, _out, err = run("export", tmp_path / "kb.zip")
    assert code == FAILED and "exists already" in err
    (tmp_path / "kb.zip").write_bytes(b"no zip")
    code, _out, err = run("import", tmp_path / "kb.zip")
    assert code == FAILED and "not a sound archive" in err and "Traceback" not in err


def test_conversations_travel_in_the_archive_where_they_are_asked_for(run: CommandLine, tmp_path: Path) -> None:
    kept = Database(run.folder / KEPT)
    ConversationStore(kept).keep("ann", "talk", make_ledger("Where is the backup?"))
    kept.close()
    for archive, option in ((tmp_path / "without.zip", ()), (tmp_path / "with.zip", ("--conversations",))):
        code, _, err = run("export", archive, *option)
        assert code == OK, err
        there = {"RAG_DATA_DIR": str(tmp_path / archive.stem)}
        code, out, err = run("import", archive, "--conversations", **there)
        assert code == OK, err
        assert ("1 answer added" in out) == bool(option)
    brought = Database(tmp_path / "with" / KEPT)
    assert [a.ledger.question for a in ConversationStore(brought).thread("ann", "talk")] == ["Where is the backup?"]
    brought.close()


def test_copy_to_another_database_and_back_to_itself(run: CommandLine, tmp_path: Path) -> None:
    here, there = str(run.folder / "milvus.db"), str(tmp_path / "copy.db")
    code, out, err = run("copy", "--from", here, "--to", there)
    assert code == OK and "2 documents, 3 chunks; 0 of them" in out, err
    code, out, _err = run("copy", "--from", here, "--to", there)
    assert code == OK and "2 of them were there already" in out
    code, _out, err = run("copy", "--from", here, "--to", f"{run.folder}/../{run.folder.name}/milvus.db")
    assert code == FAILED and "to itself" in err
    code, _out, err = run("copy", "--from", str(tmp_path / "empty.db"), "--to", there)
    assert code == FAILED and "There is no collection" in err and not (tmp_path / "empty.db").exists()


def test_doctor_finds_everything_in_place(run: CommandLine) -> None:
    _code, out, _err = run("doctor")
    assert "packaged models: installed, checksum right" in out
    assert "full-text search: available" in out
    assert "2 documents, 3 chunks" in out


def test_doctor_asks_the_language_model_s_server_whether_it_is_there(run: CommandLine) -> None:
    with LoopbackOpenAI() as server:
        server.models = ModelList([{"id": "qwen3:8b", "max_model_len": 4096}])
        _code, out, _err = run("doctor", OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-x", OPENAI_MODEL="nope")
        assert not server.requests
    assert "nope at 127.0.0.1" in out and "nope is not among the 1 model of" in out and "qwen3:8b" in out
    assert "context of 4096 tokens" in out
    code, out, _err = run("doctor", OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-x")
    assert code == FAILED and f"Nothing answers at {server.url}" in out


def test_a_result_file_that_cannot_be_written_is_refused_before_the_work(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"id": "a", "text": "A."}\n', encoding="utf-8")
    (tmp_path / "q.jsonl").write_text('{"qid": "1", "query": "A?", "relevant": ["a"]}\n', encoding="utf-8")
    files = ("--corpus", tmp_path / "c.jsonl", "--queries", tmp_path / "q.jsonl")
    code, _, err = run("evaluate", *files, "--json", tmp_path / "no" / "out.json")
    assert code == FAILED and "out.json" in err
    assert "asking" not in err


def test_evaluate_prints_a_table_and_writes_the_numbers(run: CommandLine, tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "Bananas are yellow."}, {"id": "b", "text": "Backups are taken at night."}]
    asked = [{"qid": "1", "query": "Which colour are bananas?", "relevant": ["a"], "answer_any": ["yellow"]}]
    for name, lines in (("c.jsonl", rows), ("q.jsonl", asked)):
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    files = ("--corpus", tmp_path / "c.jsonl", "--queries", tmp_path / "q.jsonl", "--json", tmp_path / "out.json")
    code, out, err = run("evaluate", *files)
    assert code == OK, err
    assert "reranked" in out and "nDCG@10" in out
    assert json.loads((tmp_path / "out.json").read_text())["ranking"]["reranked"]["nDCG@10"] == 1.0
    code, out, err = run("evaluate", *files, "--approach", "direct", "auto")
    assert code == OK, err
    assert [line.split()[1] for line in out.splitlines() if "1/1" in line] == ["direct", "auto"]
    told = json.loads((tmp_path / "out.json").read_text())
    assert [one["right"] for one in told["questions"]] == [True, True] and len(told["kinds"]) == 2


@pytest.mark.parametrize(
    ("args", "named"),
    [
        pytest.param(["ask", "x", "--threshold", "2"], "RAG_THRESHOLD", id="an option out of bounds"),
        pytest.param(["ask", "x", "--candidates", "many"], "RAG_CANDIDATES", id="an option that is no number"),
    ],
)
def test_bad_options_name_what_is_allowed(args: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == FAILED
    assert named in capsys.readouterr().err


def test_the_app_holding_the_database_is_said_plainly(tmp_path: Path) -> None:
    settings = Settings.from_env({"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(tmp_path)})
    with opened(settings):
        done = subprocess.run(
            [sys.executable, "-m", "rag", "documents"],
            cwd=tmp_path,
            env={**os.environ, "RAG_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == FAILED
    assert "another process" in done.stderr.lower() and "Traceback" not in done.stderr


def test_a_command_that_fails_while_the_first_search_is_warmed_up_ends_properly(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag", "delete", "nothing.md"],
        cwd=tmp_path,
        env={**os.environ, "RAG_PROFILE": "offline", "RAG_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (FAILED, 1), done.stderr
    assert "nothing.md" in done.stderr


def test_every_command_that_changes_documents_is_noticed(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    (tmp_path / "leave.md").write_text("# Leave\n\nLeave is thirty days a year.\n", encoding="utf-8")

    def edition() -> int:
        with closing(Database(tmp_path / KEPT)) as kept:
            return ChangeCounter(kept).state()[0]

    steps: list[tuple[bool, tuple[str | Path, ...]]] = [
        (True, ("ingest", tmp_path / "leave.md")),
        (False, ("ingest", tmp_path / "leave.md")),
        (True, ("reingest", "leave.md")),
        (False, ("export", tmp_path / "all.zip")),
        (True, ("delete", "leave.md")),
        (True, ("import", tmp_path / "all.zip")),
        (False, ("repair",)),
        (False, ("documents",)),
        (True, ("copy", "--from", tmp_path / "milvus.db", "--to", tmp_path / "other.db")),
    ]
    before = 0
    for noticed, args in steps:
        code, _, err = run(*args)
        assert code == OK, err
        assert (edition() > before) == noticed, args
        before = edition()


def test_knowledge_bases_from_the_command_line(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    (tmp_path / "leave.md").write_text("# Leave\n\nLeave is thirty days a year.\n", encoding="utf-8")
    (tmp_path / "backup.md").write_text("# Backup\n\nA backup is taken every night.\n", encoding="utf-8")
    assert run("kb", "create", "Policies", "--description", "Of the company.")[0] == OK
    assert run("kb", "set", "Policies", "--contexts", "1", "--threshold", "0", "--mode", "full_text")[0] == OK
    assert run("ingest", tmp_path / "leave.md", "--kb", "policies")[0] == OK
    assert run("ingest", tmp_path / "backup.md")[0] == OK

    found = json.loads(run("kb", "list", "--json")[1])
    assert [(base["name"], base["documents"]) for base in found] == [("", 1), ("Policies", 1)]
    assert "Policies  1 document " in run("kb", "list")[1] and "Of the company." in run("kb", "list")[1]
    assert [d["name"] for d in json.loads(run("documents", "--json", "--kb", "Policies")[1])] == ["leave.md"]
    made_of = json.loads(run("kb", "profile", "Policies", "--json")[1])
    assert (made_of["documents"], made_of["read"], made_of["headings"]) == (1, 1, 1)
    assert "1 document, 1 passage" in run("kb", "profile")[1]

    alone = json.loads(run("search", "leave days", "--kb", "Policies", "--json")[1])
    assert {c["stored"]["document"] for c in alone["candidates"]} == {"leave.md"}
    assert (alone["options"]["contexts"], alone["options"]["mode"]) == (1, "full_text")
    said = json.loads(run("search", "leave days", "--kb", "Policies", "--mode", "hybrid", "--json")[1])
    assert (said["options"]["contexts"], said["options"]["mode"]) == (1, "hybrid")
    both = json.loads(run("ask", "leave days", "--kb", "Policies", "--kb", "plainsight", "--json")[1])
    assert {c["stored"]["document"] for c in both["retrieval"]["candidates"]} == {"leave.md", "backup.md"}
    assert set(both["collections"].values()) == {"Policies", "Main"} and set(both["fingerprints"]) == set(
        both["collections"]
    )

    assert run("kb", "rename", "Policies", "Rules")[0] == OK
    assert run("delete", "leave.md", "--kb", "Rules")[0] == OK
    code, _out, err = run("kb", "delete", "Rules", "--confirm", "Roles")
    assert code == FAILED and "Rules" in err
    assert run("kb", "delete", "Rules", "--confirm", "Rules")[0] == OK
    code, _out, err = run("documents", "--kb", "Rules")
    assert code == FAILED and "no knowledge base" in err
    assert len(json.loads(run("kb", "list", "--json")[1])) == 1


@pytest.mark.parametrize("option", [("--mode", "fast"), ("--contexts", "many"), ("--candidates", "0")])
def test_values_a_knowledge_base_cannot_have(tmp_path: Path, option: tuple[str, str]) -> None:
    code, _out, err = CommandLine(tmp_path)("kb", "set", "plainsight", *option)
    assert code == FAILED and option[1] in err and "Traceback" not in err
