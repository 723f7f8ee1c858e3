"""Extractive answers: what is quoted, letter by letter, and how it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.extract import Extractive
from rag.answering.extract.choosing import chosen, doubts
from rag.answering.extract.excerpts import excerpts
from rag.answering.extract.scoring import EMBEDDED, UNRELATED, Scored, Scoring
from rag.answering.extract.units import passages
from rag.answering.extract.writing import written
from rag.citations import markers as citations
from rag.messages import LANGUAGES, reason
from rag.messages import text as said
from rag.models.device import DeviceLock
from rag.models.offline import MiniLmEmbedder
from rag.models.offline.minilm import INFO
from rag.text.identifiers import naming
from rag.text.reading import reading
from rag.types import Candidate, Named, Vectors
from tests.support.evidence import candidate
from tests.support.examples import examples
from tests.support.fakes import BagEmbedder, OverlapReranker

COST = "Milvus is a 100% free open-source project. Please adhere to the licence. We sell a hosted version."
SIMD = """Milvus needs SIMD. Your CPU must have one of these:

- SSE4.2
- AVX2

Run the command to check:

```
$ lscpu | grep -e sse4_2
```
"""


def contexts(*texts: str, path: Sequence[str] = ()) -> list[Candidate]:
    return [candidate(text, number=n, path=path, start=10_000 * n) for n, text in enumerate(texts, 1)]


def quoted(text: str) -> list[str]:
    (passage,) = passages(contexts(text))
    return [written(one, "en", labelled=False).removesuffix("[1]").strip() for one in excerpts(passage, 0)]


def answer(question: str, *texts: str, language: str = "en", path: Sequence[str] = ()) -> str:
    extractive = Extractive(BagEmbedder(), detect_language=lambda _: language)
    return "".join(extractive.answer(question, contexts(*texts, path=path)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "# Head\n\nA first sentence is here. A second one too.",
            ["A first sentence is here.", "A second one too."],
            id="sentences without headings",
        ),
        pytest.param(
            "Yes. You can install it on Windows.",
            ["Yes. You can install it on Windows."],
            id="a short sentence takes the next along",
        ),
        pytest.param(
            "可以。Milvus 支持在 Windows 上安装运行，请参考官方文档。",
            ["可以。Milvus 支持在 Windows 上安装运行，请参考官方文档。"],
            id="a short Chinese sentence",
        ),
        pytest.param(
            "No.\n\nAnother paragraph stands here.",
            ["No.", "Another paragraph stands here."],
            id="but not the next paragraph",
        ),
        pytest.param(
            "One of these instruction sets:\n\n- SSE4.2\n- AVX2\n\nThen go on with this.",
            ["One of these instruction sets:\n\n- SSE4.2\n- AVX2", "Then go on with this."],
            id="an introduction and its list",
        ),
        pytest.param(
            "Run this command to check:\n\n```\nlscpu\n```\n",
            ["Run this command to check:\n\n```\nlscpu\n```"],
            id="an introduction and its code",
        ),
        pytest.param(
            "运行以下命令检查当前环境的配置情况和版本号：\n\n```\nlscpu\n```\n",
            ["运行以下命令检查当前环境的配置情况和版本号：\n\n```\nlscpu\n```"],
            id="a full-width colon",
        ),
    ],
)
def test_quotes(text: str, expected: list[str]) -> None:
    assert quoted(text) == expected


def test_a_huge_block_is_pointed_at_where_its_introduction_is_quoted() -> None:
    code = "```\n" + "x = 1\n" * 400 + "```"
    assert quoted(f"This is the whole program:\n\n{code}") == [
        "This is the whole program:\n\nSee the code under guide.md."
    ]


def test_only_the_items_that_fit_are_attached() -> None:
    items = [f"- item {number} {'x' * 290}" for number in range(9)]
    first, *rest = quoted("These are the items of it:\n\n" + "\n".join(items))
    assert first.count("- item") == 3
    assert [each.split()[2] for each in rest] == [str(number) for number in range(9)]


@pytest.mark.parametrize("language", ["en", "zh"], ids=["by vectors", "by words alone"])
def test_the_sentence_that_answers_is_quoted_and_cited(language: str) -> None:
    embedder = BagEmbedder()
    embedder.info = INFO
    extractive = Extractive(embedder, detect_language=lambda _: language)
    found = "".join(extractive.answer("what does the hosted version sell", contexts("Bananas are yellow.", COST)))
    assert "We sell a hosted version. [2]" in found
    assert "Bananas" not in found


FOREIGN = "The documents say this in another language; it is quoted as it stands:"


def test_chinese_is_quoted_by_its_words() -> None:
    extractive = Extractive(MiniLmEmbedder.load(lock=DeviceLock()))
    found = "".join(
        extractive.answer(
            "向量最大支持多少维？", contexts("Milvus 是一个免费的开源项目。Milvus 最多支持 32768 维向量的存储和检索。")
        )
    )
    assert found == "Milvus 最多支持 32768 维向量的存储和检索。 [1]"


def test_meaning_finds_a_sentence_that_shares_no_word() -> None:
    extractive = Extractive(MiniLmEmbedder.load(lock=DeviceLock()))
    found = "".join(extractive.answer("how much money must I pay", contexts(COST, path=("How much does it cost?",))))
    assert found.startswith("Milvus is a 100% free open-source project.")


def test_the_sentences_of_a_paragraph_are_one_quote_in_the_order_of_the_text() -> None:
    text = "This is all about number one. And here it is about number two. At last we are at number three."
    assert answer("number three two one", text) == f"{text} [1]"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(("文件最大为 20 MB。", "A file may have 20 MB."), "A file may have 20 MB. [2]", id="preferred"),
        pytest.param(("文件最大为 20 MB。",), f"{FOREIGN}\n\n文件最大为 20 MB。 [1]", id="not asked for"),
    ],
)
def test_the_question_s_language_is_preferred_by_the_words_of_the_passage(texts: Sequence[str], expected: str) -> None:
    wrong = [replace(each, stored=replace(each.stored, language="sv")) for each in contexts(*texts)]
    extractive = Extractive(BagEmbedder())
    assert "".join(extractive.answer("How large may a file be, 20 MB?", wrong)).startswith(expected)


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        pytest.param("文件最大为 20 MB。", "zh", True, id="another language"),
        pytest.param("A file may have 20 MB.", "en", False, id="the language of the question"),
        pytest.param("A file may have 20 MB.", "zh", False, id="an English sentence in a Chinese document"),
        pytest.param("```\n20 MB\n```", "zh", False, id="code"),
    ],
)
def test_a_quote_in_another_language_stands_as_it_is_and_that_is_said(text: str, language: str, said: bool) -> None:
    context = [replace(each, stored=replace(each.stored, language=language)) for each in contexts(text)]
    found = "".join(Extractive(BagEmbedder()).answer("How large may a file be, 20 MB?", context))
    assert text in found
    assert found.startswith(f"{FOREIGN}\n\n") is said


def test_each_context_is_a_paragraph_and_all_are_read() -> None:
    texts = [f"The port of server {name} is open." for name in ("k", "l", "m", "n")]
    assert answer("which port of the server is open", *texts) == "\n\n".join(
        f"{text} [{number}]" for number, text in enumerate(texts[:3], 1)
    )
    assert answer("port of server n", *["Bananas are yellow."] * 5, texts[3]).startswith(f"{texts[3]} [6]")


def test_what_says_nothing_of_the_question_is_left_out() -> None:
    found = answer(
        "rotate the certificate", "Rotate the certificate with SIGHUP now.", "Bananas are yellow fruit today."
    )
    assert found == "Rotate the certificate with SIGHUP now. [1]"


def test_code_and_lists_stand_on_lines_of_their_own() -> None:
    assert answer("which SIMD must your CPU have, run this command to check lscpu sse4_2", SIMD) == (
        "Milvus needs SIMD. Your CPU must have one of these:\n\n- SSE4.2\n- AVX2\n\n[1]\n\n"
        "Run the command to check:\n\n```\n$ lscpu | grep -e sse4_2\n```\n\n[1]"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_of_which_the_context_holds_a_part_is_pointed_at(language: str) -> None:
    found = answer("lscpu", "Check it with lscpu:\n\n```\n$ lscpu\n$ uname", language=language, path=["CPU [1]"])
    pointer = said(reason("extract.code", place="guide.md › CPU \\[1\\]"), language)
    assert found == f"Check it with lscpu:\n\n{pointer} [1]"
    assert [c.number for c in citations.find(found, 1)] == [1]


def test_brackets_of_the_document_are_no_citations_of_ours() -> None:
    found = answer("who founded the company", "Ada founded the company in 1843 [2] with friends [3].")
    assert [c.number for c in citations.find(found, 3)] == [1]
    assert found == "Ada founded the company in 1843 \\[2] with friends \\[3]. [1]"


def test_a_sentence_that_only_points_elsewhere_gives_way_to_one_that_tells() -> None:
    tells = [f"Tune the recall with ef {how}." for how in ("slowly", "upwards", "at last")]
    points = "See [tune the recall with ef](ef.md)."
    found = answer("tune the recall with ef", " ".join([tells[0], points, *tells[1:]]))
    assert found == "\n\n".join(f"{sentence} [1]" for sentence in tells)


def test_no_more_quotes_are_embedded_than_have_a_chance() -> None:
    class Counting(BagEmbedder):
        count = 0

        def embed_documents(self, texts: Sequence[str]) -> Vectors:
            self.count += len(texts)
            return super().embed_documents(texts)

    embedder = Counting()
    texts = [" ".join(f"Port {number}{letter} is open now." for number in range(30)) for letter in "klmnop"]
    found = "".join(Extractive(embedder).answer("which port is 17n", contexts(*texts)))
    assert 0 < embedder.count <= EMBEDDED + len(UNRELATED) and "Port 17n is open now." in found


@pytest.mark.parametrize("texts", [(), ("",), ("# Only a heading",)], ids=["no context", "an empty one", "a heading"])
def test_nothing_to_quote_is_no_answer(texts: tuple[str, ...]) -> None:
    assert answer("anything", *texts) == ""


MARKDOWN = st.text(alphabet=st.sampled_from("ab. :。：\n-|#>1*()"), max_size=120)


@examples(60)
@given(st.lists(MARKDOWN, max_size=3), st.sampled_from(["en", "zh"]))
def test_every_quote_stands_in_its_context(texts: list[str], language: str) -> None:
    extractive = Extractive(BagEmbedder(), detect_language=lambda _: language)
    for piece in extractive.answer("a b 1", contexts(*texts)):
        quote, _, number = piece.removesuffix("]").rpartition("[")
        assert quote.strip()
        assert " ".join(quote.split()) in " ".join(reading(texts[int(number) - 1]).text.split())


TABS = """=== "Kubernetes"

    Run `kubectl rollout restart deploy/gateway`.

=== "Virtual machine"

    Run `systemctl restart gateway.service`.
"""
STEPS = """To replace the filter:

1. Close the valve.
2. Open the lid:

   ```sh
   lid --open
   ```

3. Take the filter out. Keep the ring.

The filter lasts a year."""
TABLE = "| Station | Max load (kg) | Heated |\n|---|---|---|\n| Umber | 240 | yes |\n| Aster | 100 | no |\n"
FORMULA = "The Reynolds number is\n\n$$\nRe = v L\n$$\n\nwhere $v$ is the speed. Flow is turbulent above 4000."


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        pytest.param(
            "restart the gateway on a virtual machine",
            TABS,
            "**Virtual machine**\n\nRun `systemctl restart gateway.service`. [1]",
            id="the tab the question names, with its label",
        ),
        pytest.param(
            "how is the filter taken out",
            STEPS,
            "To replace the filter:\n\n1. Close the valve.\n2. Open the lid:\n\n   ```sh\n   lid --open\n   ```\n\n"
            "3. Take the filter out. Keep the ring.\n\n[1]",
            id="steps stay a list in order, with their code",
        ),
        pytest.param(
            "which station has a max load of 240 kg",
            TABLE,
            "Umber: Max load 240 kg; Heated yes [1]",
            id="a row with its columns, and no row that says less",
        ),
        pytest.param("what is the Reynolds number", FORMULA, f"{FORMULA} [1]", id="a formula is part of its sentence"),
        pytest.param(
            "what do pumps need",
            "What do pumps need?\n\nThey need grease every 500 hours.",
            "They need grease every 500 hours. [1]",
            id="what follows a question, not the question",
        ),
        pytest.param(
            "is the pump loud",
            "The pump stands in the hall. It is loud at night.",
            "The pump stands in the hall. It is loud at night. [1]",
            id="a sentence with the one it refers to",
        ),
        pytest.param(
            "when inserting data, which limit is there",
            "When inserting data,\n\nMenu of data\n\nThe limit of inserting data is 64 MB.",
            "The limit of inserting data is 64 MB. [1]",
            id="no half sentence and no menu",
        ),
        pytest.param(
            "which command adds the gateway",
            "`add @acme/gateway-cli`",
            "`add @acme/gateway-cli` [1]",
            id="a command on a line of its own",
        ),
    ],
)
def test_an_answer_reads_as_one(question: str, text: str, expected: str) -> None:
    assert answer(question, text).split("\n\nThe filter lasts")[0] == expected


def test_overlapping_contexts_of_one_document_are_one_passage() -> None:
    text = "The pump starts at 85 degrees. It needs 12 seconds. It stops at 60 degrees."
    middle = text.index(" It stops")
    pieces = [candidate(text[:middle], number=2), candidate(text[31:], number=1, start=31)]
    found = "".join(Extractive(BagEmbedder()).answer("when does the pump start and stop", pieces))
    assert found.count("It needs 12 seconds.") == 1
    assert found.startswith("The pump starts at 85 degrees. It needs 12 seconds. [2]")


def test_what_two_documents_say_alike_is_said_once() -> None:
    found = answer("which port is open", "Port 19530 is open to all clients.", "Port 19530 is open to all clients!")
    assert found == "Port 19530 is open to all clients. [1]"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_passage_that_is_only_about_the_topic_is_called_the_closest(language: str) -> None:
    (context,) = contexts("Grease the bearing with type G2.", path=["Pump"])
    extractive = Extractive(BagEmbedder(), detect_language=lambda _: language)
    found = "".join(extractive.answer("who invented the bearing", [replace(context, log_odds=-1.6)]))
    assert (
        found
        == f"{said(reason('extract.closest', place='guide.md › Pump'), language)}\n\n{context.stored.chunk.text} [1]"
    )
    sure = "".join(extractive.answer("who invented the bearing", [replace(context, log_odds=1.6)]))
    assert sure == f"{context.stored.chunk.text} [1]"


@pytest.mark.parametrize(
    ("question", "direct"),
    [
        ("What does “Pump” say about care in winter?", True),
        ("《Pump》里是怎么说“care in winter”的？", True),
        ("What does “Pump” say about prices?", False),
    ],
)
def test_a_section_that_is_asked_for_by_its_headings_answers(question: str, direct: bool) -> None:
    (context,) = contexts("Grease the bearing with type G2.", path=["Pump", "Care in winter"])
    extractive = Extractive(BagEmbedder(), detect_language=lambda _: "en")
    found = "".join(extractive.answer(question, [replace(context, log_odds=-1.6)]))
    assert found.startswith("Grease") == direct


# ---- with a reranker that reads quotes -------------------------------------------------------------------------------


def judged(question: str, *found: Candidate, unknown: Sequence[str] = ()) -> str:
    extractive = Extractive(BagEmbedder(), OverlapReranker())
    return "".join(extractive.answer(question, found, unknown=unknown))


GREASE = "Grease the bearing with type G2 every winter."


def test_a_near_passage_without_a_quote_that_answers_is_called_the_closest() -> None:
    (context,) = contexts(GREASE)
    near = replace(context, log_odds=0.4)
    assert judged("grease the bearing", near) == f"{GREASE} [1]"
    assert judged("who invented ball bearings first", near).startswith("No sentence answers this directly")


@pytest.mark.parametrize(
    ("question", "unknown", "direct"),
    [
        pytest.param("grease the bearing of a Lumen", ["Lumen"], False, id="a name"),
        pytest.param("grease the bearing in summer", ["summer"], True, id="one word"),
        pytest.param("grease the bearing in summer abroad", ["summer", "abroad"], False, id="two words"),
        pytest.param("grease teh bearing", ["teh"], True, id="a slip of the pen"),
    ],
)
def test_words_that_stand_nowhere_put_an_answer_in_doubt(question: str, unknown: list[str], direct: bool) -> None:
    (context,) = contexts(GREASE)
    found = judged(question, replace(context, log_odds=-0.4), unknown=unknown)
    assert found.startswith("Grease") is direct


def test_a_passage_with_the_very_name_is_not_doubted() -> None:
    (context,) = contexts("ERR_1 is shown at start.")
    found = judged("what now with ERR_1", replace(context, log_odds=-1.0, named=Named.NAME), unknown=["Lumen"])
    assert found == "ERR_1 is shown at start. [1]"


def test_an_answer_is_in_one_language() -> None:
    english, german = contexts(
        "The pump starts at 85 degrees and stops at 60 degrees.",
        "Die Pumpe startet bei 85 Grad und sie stoppt bei 60 Grad wieder, das ist so seit dem Jahr 2019.",
    )
    abroad = replace(german, stored=replace(german.stored, language="de"))
    found = judged("when does the pump start", english, abroad)
    assert "[1]" in found
    assert "[2]" not in found


def test_words_of_another_language_put_no_answer_in_doubt() -> None:
    assert doubts("该怎么润滑轴承", ["润滑", "轴承"]) > 0
    assert doubts("该怎么润滑轴承", ["润滑", "轴承"], foreign=True) == 0
    assert doubts("该怎么润滑 Lumen", ["Lumen"], foreign=True) > 0


PORT = "The option `net.port` is 19530 unless it is set to something else."


@pytest.mark.parametrize(
    "adds_nothing",
    [
        pytest.param("In this tutorial, you will learn about `net.port` and how it is set.", id="what a page is about"),
        pytest.param("For more information on `net.port`, see the page on how it is set.", id="where to read on"),
        pytest.param("The option `net.host` is localhost unless it is set to something else.", id="another name"),
        pytest.param("```\nnet.port: 19530 # is set\n```", id="code of which nothing is said"),
        pytest.param("| Set | Options |\n|-|-|\n| `net.a` | `net.port` `net.host` `net.b` |", id="a row of names"),
    ],
)
def test_what_adds_nothing_does_not_stand_beside_the_answer(adds_nothing: str) -> None:
    found = passages(contexts(PORT, adds_nothing))
    scored = [Scored(excerpts(passage, at)[0], 1 - 0.1 * at, 1.0, None) for at, passage in enumerate(found)]
    (one,) = chosen(scored, found, naming("What is `net.port` set to?"))
    assert one.text == PORT


def test_a_line_of_a_change_log_comes_after_what_holds_now() -> None:
    holds, changed = "Grouping search works for sparse vectors, too.", "- Grouping search for sparse vectors (#31735)"
    assert answer("grouping search for sparse vectors", changed, holds).startswith(holds)


def test_code_below_a_sentence_does_not_make_it_foreign() -> None:
    def detect(said: str) -> str:
        return "en" if "import" in said and "```" not in said else "zh"

    code = "删除集合不可逆。\n\n```\nfrom pymilvus import utility, connections\n```"
    (one,) = passages(contexts(code))
    scored = Scoring(BagEmbedder(), detect).scored("删除集合", excerpts(one, 0), [one], "zh")
    assert scored and not any(each.foreign for each in scored)


def test_words_around_a_part_are_in_the_language_of_the_whole_question() -> None:
    (context,) = contexts("HNSW 是一种基于图的索引。")
    context = replace(context, stored=replace(context.stored, language="zh"))
    extractive = Extractive(BagEmbedder())
    assert next(extractive.answer("HNSW", [context])) == said(reason("extract.foreign"), "en")
    assert [*extractive.answer("HNSW", [context], asked_in="zh")] == ["HNSW 是一种基于图的索引。 [1]"]
