"""Which passages repeat each other, and which contradict each other as versions of one document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.documents.chunking import ChunkLimits, chunk
from rag.messages import reason, text
from rag.retrieval.duplicates import Kinship, conflicts, kinship, repeats
from rag.text.language import detect
from rag.types import Candidate, Chunk, StoredChunk
from tests import ROOT

HANDBOOK = ROOT / "assets" / "handbook"

LONG = (
    "Rotate the certificate online. Send SIGHUP to the proxy and wait until the log says that the new certificate is "
    "in use. Connections that are open keep the old one until they end, so plan for a day on which both are valid. If "
    "the reload fails the proxy keeps serving with the old certificate and says why in its log."
)
LONG_ZH = (
    "证书可以在线轮换。向代理发送信号并等待日志显示新证书已经启用。已经打开的连接在结束之前继续使用旧证书，"
    "因此请预留一天让两张证书同时有效。如果重新加载失败，代理会继续使用旧证书并在日志中说明原因。"
)


def passage(
    text_: str, *, document: str = "guide.md", path: tuple[str, ...] = ("Guide",), language: str = "en"
) -> StoredChunk:
    return StoredChunk(f"{document}:{text_[:20]}", document, "", language, Chunk(0, 0, len(text_), path, text_, 1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(LONG, LONG, id="the same"),
        pytest.param(
            LONG, LONG.replace(". ", ".\n\n").replace("SIGHUP", "`SIGHUP`").upper(), id="other markup and case"
        ),
        pytest.param(LONG, LONG.replace("the proxy", "the running proxy", 1), id="a word added"),
        pytest.param(LONG_ZH, LONG_ZH, id="the same in Chinese"),
        pytest.param(LONG_ZH, LONG_ZH.replace("。", "。\n- "), id="other markup in Chinese"),
        pytest.param("The limit is 20 MB.", "The limit is **20** MB.", id="short, other markup"),
    ],
)
def test_passages_that_say_the_same_repeat_each_other(one: str, other: str) -> None:
    assert repeats(passage(one), passage(other, document="copy.md"))
    assert repeats(passage(other, document="copy.md"), passage(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(LONG, LONG.replace("a day", "7 days"), id="another number for a word"),
        pytest.param(LONG + " Wait 5 s.", LONG + " Wait 50 s.", id="another number"),
        pytest.param(LONG, LONG + " See 3.", id="a number added"),
        pytest.param(LONG, LONG.replace("that are open keep", "that are open do not keep"), id="a negation added"),
        pytest.param(LONG, LONG.replace("proxy", "server"), id="a word replaced"),
        pytest.param(LONG + " x == 1", LONG + " x != 1", id="an operator turned round"),
        pytest.param(LONG, LONG + " " + LONG.replace("certificate", "key"), id="one holds much more"),
        pytest.param(LONG, LONG + " Tell those who look after it before you begin at all.", id="a sentence added"),
        pytest.param(LONG_ZH, LONG_ZH.replace("继续使用", "不再使用"), id="Chinese turned round"),
        pytest.param(LONG_ZH + "等待 5 秒。", LONG_ZH + "等待 50 秒。", id="another number in Chinese"),
        pytest.param("Default: 20", "Default: 50", id="short with another number"),
        pytest.param("See the guide for Docker.", "See the guide for Helm.", id="short boilerplate"),
    ],
)
def test_what_only_looks_alike_is_no_repetition(one: str, other: str) -> None:
    assert not repeats(passage(one), passage(other, document="copy.md"))


def test_a_short_passage_means_what_the_headings_over_it_say() -> None:
    files = passage("Default: 20 MB", path=("Limits", "Files"))
    assert not repeats(files, passage("Default: 20 MB", path=("Limits", "Archives")))
    assert repeats(passage(LONG, path=("Install", "Docker")), passage(LONG, path=("Install", "Helm")))


def test_a_passage_and_its_translation_with_the_same_code_are_two() -> None:
    code = "```python\n" + "\n".join(f"client.insert(rows[{n}])" for n in range(60)) + "\n```"
    english, chinese = passage(f"Insert rows.\n{code}"), passage(f"插入。\n{code}", document="zh.md", language="zh")
    assert not repeats(english, chinese)
    assert not repeats(passage(code), passage(f"{code}\n插入。", document="zh.md", language="zh")), "only words added"
    assert repeats(passage(code, path=("Code",)), passage(code, path=("Code",), language="zh", document="zh.md"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("guide-v1.md", "guide-v2.md", Kinship.VERSIONS),
        ("guide.md", "guide-v2.1.md", Kinship.VERSIONS),
        ("api/v1/users.md", "api/v2/users.md", Kinship.VERSIONS),
        ("guide.md", "guide (2).md", Kinship.VERSIONS),
        ("guide.md", "guide - Copy.md", Kinship.VERSIONS),
        ("guide.md", "guide-old.md", Kinship.VERSIONS),
        ("Guide_FINAL.md", "guide_draft.md", Kinship.VERSIONS),
        ("guide.md", "guide.txt", Kinship.VERSIONS),
        ("手册.md", "手册-旧版.md", Kinship.VERSIONS),
        ("手册（2）.md", "手册.md", Kinship.VERSIONS),
        ("手册第1版.md", "手册第2版.md", Kinship.VERSIONS),
        ("docs/v1.md", "docs/v2.md", Kinship.VERSIONS),
        ("report-2023.md", "report-2024.md", Kinship.DATES),
        ("report-2024-01-05.md", "report-20240112.md", Kinship.DATES),
        ("2024-01-05.md", "2024-01-06.md", Kinship.NONE),
        ("en/01-overview.md", "zh/01-overview.md", Kinship.NONE),
        ("01-overview.md", "02-documents.md", Kinship.NONE),
        ("chapter-1.md", "chapter-2.md", Kinship.NONE),
        ("news.md", "newsletter.md", Kinship.NONE),
        ("bold.md", "b.md", Kinship.NONE),
        ("guide.md", "guide.md", Kinship.NONE),
    ],
)
def test_names_that_look_like_versions_of_one_document(one: str, other: str, expected: Kinship) -> None:
    assert (kinship(one, other), kinship(other, one)) == (expected, expected)


def kept(*stored: StoredChunk) -> list[Candidate]:
    return [Candidate(s, number=n) for n, s in enumerate(stored, 1)]


OLD = "The largest file is 20 MB. A zip may hold 2000 files."
NEW = "The largest file is 50 MB. A zip may hold 2000 files."


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (("limits-v1.md", "limits-v2.md"), ()),
        (("limits-2023.md", "limits-2024.md"), ()),
        (("limits.md", "manual.md"), ("Handbook", "Limits")),
    ],
    ids=["version", "year", "same headings"],
)
def test_versions_that_disagree_are_flagged_with_the_sentences(names: tuple[str, str], path: tuple[str, ...]) -> None:
    one, other = passage(OLD, document=names[0], path=path), passage(NEW, document=names[1], path=path)
    (found,) = conflicts(kept(one, other))
    assert (found.first, found.second) == (one.id, other.id)
    assert found.why == reason(
        "duplicates.differ",
        first=names[0],
        second=names[1],
        left="The largest file is 20 MB.",
        right="The largest file is 50 MB.",
    )
    assert "20 MB" in text(found.why, "zh")


def test_chinese_versions_that_disagree_are_flagged() -> None:
    one = passage("最大文件为 20 MB。压缩包最多 2000 个文件。", document="限制-旧版.md", language="zh")
    other = passage("最大文件为 50 MB。压缩包最多 2000 个文件。", document="限制.md", language="zh")
    (found,) = conflicts(kept(one, other))
    assert found.why.values["left"] == "最大文件为 20 MB。"


def test_a_sentence_only_one_version_has_is_named() -> None:
    other = passage(OLD + " Tell your administrator.", document="limits-v2.md")
    (found,) = conflicts(kept(passage(OLD, document="limits-v1.md"), other))
    assert found.why.code == "duplicates.adds"
    assert found.why.values["only"] == "limits-v2.md"
    assert found.why.values["text"] == "Tell your administrator."


def test_different_parts_of_two_versions_are_flagged_as_versions_once() -> None:
    one = passage(OLD, document="limits-v1.md")
    contexts = kept(
        one,
        passage("Bananas are yellow.", document="limits-v2.md"),
        passage("Apples are red.", document="limits-v2.md"),
        passage(NEW, document="limits-v2.md"),
    )
    assert [c.why.code for c in conflicts(contexts[:3])] == ["duplicates.versions"]
    assert [c.why.code for c in conflicts(contexts)] == ["duplicates.differ"], "the telling one is shown"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(passage(OLD), passage(NEW), id="one document"),
        pytest.param(passage(OLD, document="a.md"), passage(NEW, document="b.md", path=("Other",)), id="no kin"),
        pytest.param(
            passage(OLD, document="a.md"),
            passage("The default is 20 MB.", document="b.md"),
            id="the same heading alone",
        ),
        pytest.param(
            passage(OLD, document="note-2024-01-05.md"),
            passage("Bananas are yellow.", document="note-2024-01-06.md"),
            id="a series of notes",
        ),
        pytest.param(
            passage("`max_mb` = 20\n\n```\nmax_mb: 20\n```", document="limits-v1.md"),
            passage("默认 `max_mb` = 20\n\n```\nmax_mb: 20\n```", document="limits-v2.md", language="zh"),
            id="a translation",
        ),
    ],
)
def test_no_false_alarm(one: StoredChunk, other: StoredChunk) -> None:
    assert conflicts(kept(one, other)) == ()


def test_the_handbook_and_its_translation_are_neither_repeated_nor_in_conflict() -> None:
    stored = [
        StoredChunk(f"{name}#{piece.index}", name, "", detect(source), piece)
        for file in sorted(HANDBOOK.rglob("*.md"))
        for name, source in [(str(file.relative_to(HANDBOOK)), file.read_text(encoding="utf-8"))]
        for piece in chunk(source, count_tokens=_quarter, limits=ChunkLimits(max_tokens=400, overlap_tokens=40))
    ]
    assert len(stored) > 100
    assert not [(a.id, b.id) for i, a in enumerate(stored) for b in stored[:i] if repeats(a, b)]
    assert conflicts(kept(*stored)) == ()


def test_other_knowledge_bases_have_documents_of_their_own() -> None:
    one = passage(OLD, document="limits.md")
    other = replace(passage(NEW, document="limits.md"), id="other", collection="second")
    assert [c.why.code for c in conflicts(kept(one, other))] == ["duplicates.differ"]


def _quarter(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 for text in texts]
