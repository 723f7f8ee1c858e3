"""Chunks against the rules in the package's docstring: tables for the rules, properties for any text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.documents.chunking import ChunkLimits, FrontMatter, chunk, described, stated
from rag.errors import SettingsError
from rag.text.reading import reading
from rag.types import Chunk
from tests import DATA
from tests.support.examples import examples
from tests.support.markdown_texts import ANY, FENCES, LISTS, PARAGRAPH, TABLES, count_tokens

CORPUS = DATA / "corpus"


def chunks_of(text: str, *, limit: int = 1000, overlap: int = 0) -> list[Chunk]:
    return chunk(text, count_tokens=count_tokens, limits=ChunkLimits(max_tokens=limit, overlap_tokens=overlap))


def texts_of(text: str, *, limit: int = 1000, overlap: int = 0) -> list[str]:
    return [each.text for each in chunks_of(text, limit=limit, overlap=overlap)]


def paths_of(text: str) -> list[tuple[str, ...]]:
    return [each.heading_path for each in chunks_of(text)]


# ---- sections and heading paths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("a\n\n# T\n\nb", [(), ("T",)], id="text before the first heading has no path"),
        pytest.param("# T\n\na\n\n## S\n\nb", [("T",), ("T", "S")], id="a lower heading is inside the one above"),
        pytest.param("## A\n\na\n\n## B\n\nb", [("A",), ("B",)], id="equal levels are neighbours"),
        pytest.param("# A\n\na\n\n### C\n\nc\n\n## B\n\nb", [("A",), ("A", "C"), ("A", "B")], id="skipped levels"),
        pytest.param("Title\n=====\n\na\n\nSub\n---\n\nb", [("Title",), ("Title", "Sub")], id="underlined headings"),
        pytest.param("# A\n\na\n\n```\n# no\n```\n\nb", [("A",)], id="a hash in code is no heading"),
        pytest.param("# A\n\na\n\n    # no\n\nb", [("A",)], id="a hash in indented code is no heading"),
        pytest.param("# A\n\na\n\n> # no\n> q\n\n- # no\n- i", [("A",)], id="headings in quotes and lists"),
        pytest.param("# A\n\na\n\n#no\n\nb", [("A",)], id="a hash without a blank is no heading"),
        pytest.param("# **Bold** `co*de*` [li*nk*](u) <b>x</b> &amp;\n\na", [("Bold co*de* link x &",)], id="markup"),
        pytest.param("# ![al*t*](u) y #\n\na", [("alt y",)], id="an image is its description, closing hashes go"),
        pytest.param("[r]: /u\n\n# see [the *page*][r]\n\na", [("see the page",)], id="a reference link"),
        pytest.param("two\nlines\n===\n\na", [("two lines",)], id="a heading of two lines is one line"),
        pytest.param("# A\n\na\n\n#\n\nb", [("A",), ()], id="an empty heading ends the one above"),
        pytest.param("# 标题\n\n正文。\n\n## 小节\n\n内容。", [("标题",), ("标题", "小节")], id="Chinese"),
        pytest.param("\ufeff# A\n\na", [("A",)], id="a byte order mark hides no heading"),
        pytest.param("# A\r\n\r\na\r\r## B\r\rb", [("A",), ("A", "B")], id="other line ends"),
        pytest.param("# A\x0cB\u2028C\n\na\n\n# D\n\nd", [("A B C",), ("D",)], id="form feeds end no line"),
        pytest.param("".join("  " * n + "- a\n" for n in range(40)) + "\n# H\n\nb", [(), ("H",)], id="deep lists"),
    ],
)
def test_heading_path(text: str, paths: list[tuple[str, ...]]) -> None:
    assert paths_of(text) == paths


@pytest.mark.parametrize(
    ("text", "texts", "last_path"),
    [
        pytest.param("# A\n\n## B\n\nb", ["# A\n\n## B\n\nb"], ("A", "B"), id="with what follows"),
        pytest.param("# A\n\n---\n\n<a id='x'></a>\n\n## B\n\nb", None, ("A", "B"), id="rules and anchors say nothing"),
        pytest.param("# A\n\n[x]: /y\n\n## B\n\nb", None, ("A", "B"), id="link definitions say nothing"),
        pytest.param("# A\n\na\n\n## B", ["# A\n\na", "## B"], ("A", "B"), id="at the end it stands alone"),
        pytest.param(
            "# A\n\n## B\n\n## C\n", ["# A\n\n## B\n\n## C"], ("A",), id="a document of headings is one chunk"
        ),
        pytest.param("# A\n\n![x](y)\n\n## B\n\nb", ["# A\n\n![x](y)", "## B\n\nb"], ("A", "B"), id="an image speaks"),
    ],
)
def test_heading_without_text(text: str, texts: list[str] | None, last_path: tuple[str, ...]) -> None:
    found = chunks_of(text)
    assert [each.text for each in found] == (texts or [text])
    assert found[-1].heading_path == last_path


def test_long_run_of_headings_does_not_borrow_the_path_of_the_text_after_it() -> None:
    found = chunks_of("# T\n\n" + "".join(f"## H{n}\n\n" for n in range(50)) + "text")
    assert [each.heading_path for each in found] == [("T",), ("T", "H49")]
    assert "H40" in found[0].text and "H41" in found[1].text


def test_small_sections_are_not_mixed() -> None:
    assert texts_of("## Why?\n\nSo.\n\n## How?\n\nThus.\n") == ["## Why?\n\nSo.", "## How?\n\nThus."]


# ---- cutting --------------------------------------------------------------------------------------------------------

FENCE = "```python\n# not a heading\n\nx = 1\n```"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |"
LIST = "- one two\n- three four\n  - five\n- six"


@pytest.mark.parametrize(
    "block", [FENCE, TABLE, LIST, "> quoted one.\n> quoted two."], ids=["fence", "table", "list", "quote"]
)
def test_block_stays_whole(block: str) -> None:
    limit = count_tokens([block])[0]
    text = f"One two three four five. Six seven eight.\n\n{block}\n\nNine ten eleven twelve. Thirteen."
    assert any(block in each for each in texts_of(text, limit=limit))


@pytest.mark.parametrize(
    ("text", "limit", "texts"),
    [
        pytest.param("One two. Three four. Five six.", 6, ["One two. Three four.", "Five six."], id="sentences"),
        pytest.param("One e.g. two three. Four five", 8, ["One e.g. two three.", "Four five"], id="abbreviations"),
        pytest.param("Ask Dr. Ode now. Four five", 6, ["Ask Dr. Ode now.", "Four five"], id="abbreviations of names"),
        pytest.param("一二；三四；五六。", 7, ["一二；三四；", "五六。"], id="Chinese clauses"),
        pytest.param("今天好。明天呢？后天！再说。", 8, ["今天好。明天呢？", "后天！再说。"], id="Chinese sentences"),
        pytest.param("他说：“好。”然后走了。", 8, ["他说：“好。”", "然后走了。"], id="a closing quote stays"),
        pytest.param("- a b\n- c d\n- e f", 6, ["- a b\n- c d", "- e f"], id="list items"),
        pytest.param("- a b\n\n  c d e\n- f", 5, ["- a b", "  c d e\n- f"], id="blocks of an item"),
        pytest.param("```\na b\nc d\ne f\n```", 10, ["```\na b\nc d", "e f\n```"], id="lines of code"),
        pytest.param(
            "|a|\n|-|\n|b b b|\n|c c c|\n|d d|",
            6,
            ["|a|\n|-|\n|b b b|\n|c c c|", "|d d|"],
            id="table rows, header with the first",
        ),
        pytest.param("one two, three four five", 3, ["one two,", "three four five"], id="a clause end before a blank"),
        pytest.param("字" * 10, 4, None, id="characters at last"),
        pytest.param("a  \nb c d", 3, ["a", "b c d"], id="hard line break"),
    ],
)
def test_inner_boundaries(text: str, limit: int, texts: list[str] | None) -> None:
    chunks = chunks_of(text, limit=limit)
    found = [each.text for each in chunks]
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(each.tokens <= limit for each in chunks)
    if texts is not None:
        assert found == texts


def test_cut_sections_keep_their_path_and_announcements_their_list() -> None:
    text = "# T\n\nOne two three. Four five six.\n\nDo this:\n\n```\na b c d e f\n```"
    found = chunks_of(text, limit=18)
    assert [each.text for each in found] == [
        "# T\n\nOne two three. Four five six.",
        "Do this:\n\n```\na b c d e f\n```",
    ]
    assert {each.heading_path for each in found} == {("T",)}


def test_heading_is_not_left_alone_above_a_long_paragraph() -> None:
    found = texts_of("# Some title\n\nOne two three. Four five six. Seven eight.", limit=14)
    assert found[0] == "# Some title\n\nOne two three. Four five six."


def test_path_takes_at_most_half_of_the_limit() -> None:
    text = "# one two three four\n\n## five six\n\nBody here."
    assert chunks_of(text, limit=8)[-1].heading_path == ("five six",)
    assert chunks_of("# " + "word " * 100 + "\n\nBody here.", limit=8)[-1].text.endswith("here.")


def test_characters_are_not_taken_apart() -> None:
    family = "👩\u200d👩\u200d👧\ufe0f"
    found = texts_of(family * 6, limit=9)
    assert len(found) > 1
    assert set("|".join(found).replace(family, "").replace("|", "")) == set()


def test_bytes_are_limited_where_a_tokenizer_sees_one_unknown_word() -> None:
    found = chunk("A" * 500_000, count_tokens=lambda texts: [1] * len(texts), limits=ChunkLimits(max_tokens=100))
    assert max(len(each.text) for each in found) <= 6400
    assert "".join(each.text for each in found) == "A" * 500_000


# ---- overlap --------------------------------------------------------------------------------------------------------


def test_cut_section_repeats_whole_sentences() -> None:
    text = "One one. Two two. Three three. Four four. Five five."
    found = texts_of(text, limit=9, overlap=3)
    assert found == ["One one. Two two. Three three.", "Three three. Four four. Five five."]


@pytest.mark.parametrize(
    "text",
    [
        "# A\n\na b c\n\n# B\n\nd e f",
        "# A\n\nOne sentence that is too long to be repeated.\n\nAnother sentence here, long too.",
    ],
    ids=["sections that fit", "sentences above the overlap"],
)
def test_nothing_is_repeated(text: str) -> None:
    found = chunks_of(text, limit=16, overlap=4)
    assert len(found) > 1
    assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize("overlap", [-1, 51])
def test_overlap_is_at_most_half(overlap: int) -> None:
    with pytest.raises(SettingsError) as refusal:
        ChunkLimits(max_tokens=100, overlap_tokens=overlap)
    assert refusal.value.reason.values["most"] == 50


def test_fingerprint_tells_the_limits_apart() -> None:
    assert len({ChunkLimits(max_tokens=m, overlap_tokens=o).fingerprint for m in (64, 128) for o in (0, 16)}) == 4


# ---- front matter and title -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "title", "first"),
    [
        pytest.param("---\ntitle: A b\nid: x\n---\n\n# H\n\na", "A b", "# H\n\na", id="plain"),
        pytest.param('---\nid: x\ntitle: "A: \\"b\\" # c"\n---\na', 'A: "b" # c', "a", id="double quotes"),
        pytest.param("---\ntitle: 'It''s' # no\n---\na", "It's", "a", id="single quotes"),
        pytest.param("---\ntitle: A b # comment\n---\na", "A b", "a", id="a comment"),
        pytest.param("---\ntitle: >-\n  A\n  b\nid: x\n---\na", "A b", "a", id="folded"),
        pytest.param("---\r\ntitle: 标题\r\n---\r\na", "标题", "a", id="other line ends"),
        pytest.param("---\nid: x\n---\n\n## S\n\na\n\n# *H*", "H", "## S\n\na", id="else the highest heading"),
        pytest.param("a", "f", "a", id="else the fallback"),
        pytest.param("---\nIntro text\n---\n\na", "Intro text", "---\nIntro text\n---\n\na", id="rules are text"),
        pytest.param("---\ntitle: x\n\na", "f", "---\ntitle: x\n\na", id="not closed is text"),
        pytest.param("\n---\ntitle: A\n---\na", "A", "a", id="below a blank line"),
        pytest.param("<!-- lint: off -->\n---\ntitle: A\n---\na", "A", "a", id="below a comment"),
        pytest.param("---\ntitle: A: b c\n---\na", "A: b c", "a", id="a colon in a value"),
        pytest.param("---\ntitle: A # b: c: d\n---\na", "A", "a", id="a comment with colons"),
        pytest.param("---\ntitle: A\n...\na", "A", "a", id="three dots end it"),
        pytest.param("---\n# only\nid: x\n--- \na", "f", "a", id="a comment in it"),
        pytest.param("---\n---\na", "f", "---\n---\na", id="empty is two rules"),
        pytest.param("+++\ntitle = 'A'\n[other]\ntitle = 'B'\n+++\na", "A", "a", id="TOML"),
        pytest.param('+++\ntitle = "A = \\"b\\""\nx = = 1\n+++\na', 'A = "b"', "a", id="half-broken TOML"),
        pytest.param("+++\nno data\n+++\na", "f", "+++\nno data\n+++\na", id="plus signs alone are text"),
        pytest.param('{\n "title": "A"\n}\n\na', "A", "a", id="JSON"),
        pytest.param(';;;\n{"title": "A"}\n;;;\na', "A", "a", id="JSON in semicolons"),
        pytest.param('{"port": 1}\n\na', "f", '{"port": 1}\n\na', id="JSON that describes no document is text"),
        pytest.param('{"title": "A"} is JSON', "f", '{"title": "A"} is JSON', id="JSON within a line is text"),
    ],
)
def test_front_matter_gives_the_title_and_is_no_chunk(text: str, title: str, first: str) -> None:
    assert described(text, fallback="f")[0] == title
    assert texts_of(text)[0] == first


def test_toml_gives_tags_and_date_as_yaml_does() -> None:
    text = "+++\ndate = 2024-12-01T10:00:00Z\n[taxonomies]\ntags = [\n  'ferry', # boats\n  \"x\",\n]\n+++\n# T"
    assert described(text, fallback="f")[1] == FrontMatter(("ferry", "x"), "2024-12-01")


def test_nothing_but_front_matter_is_no_chunk() -> None:
    assert chunks_of("---\ntitle: x\n---\n\n") == []


# ---- any text -------------------------------------------------------------------------------------------------------

LIMIT = st.integers(2, 60)

many = examples(300)


def blank(text: str) -> bool:
    return not text.strip().strip("\ufeff")


def says_nothing(text: str) -> bool:
    return blank(text) or not reading(text).text.strip()


@many
@given(ANY, LIMIT, st.integers(0, 30))
def test_chunks_are_slices_that_rise_and_cover_the_text(text: str, limit: int, overlap: int) -> None:
    found = chunks_of(text, limit=limit, overlap=min(overlap, limit // 2))
    reached = 0
    for index, each in enumerate(found):
        assert each.index == index
        assert each.text == text[each.start : each.end] and each.text.strip()
        assert each.start < each.end and each.end > reached
        assert says_nothing(text[reached : each.start])
        if index:
            assert found[index - 1].start < each.start
        reached = each.end
    assert says_nothing(text[reached:])


@many
@given(ANY, LIMIT, st.integers(0, 30))
@example("```\na\n# x\n```\n\n<!-- c -->", 2, 0)
@example("[r]: /u\n\n👩\u200d👧", 2, 0)
def test_no_chunk_is_above_the_limit_but_a_single_character(text: str, limit: int, overlap: int) -> None:
    for each in chunks_of(text, limit=limit, overlap=min(overlap, limit // 2)):
        assert each.tokens == count_tokens([each.embedded_text])[0]
        # Only an emoji sequence of the alphabets above is larger, or what nobody reads, such as link definitions, which
        # the viewer needs all the same.
        read = sum(origin >= 0 for origin in each.reading.origins)
        assert each.tokens <= limit or len(each.text) <= 8 or read <= 8


@many
@given(st.lists(st.one_of(PARAGRAPH, FENCES, TABLES, LISTS), min_size=1, max_size=8), LIMIT, st.integers(0, 30))
def test_fences_tables_and_lists_within_the_limit_stay_whole(blocks: list[str], limit: int, overlap: int) -> None:
    text = "# T\n\n" + "\n\n***\n\n".join(blocks)
    found = texts_of(text, limit=limit, overlap=min(overlap, limit // 2))
    for block in blocks:
        if block.startswith(("```", "|a|", "- ")) and count_tokens(["T " + block])[0] <= limit:
            assert any(block in each for each in found)


@many
@given(
    st.lists(st.one_of(st.integers(1, 6), st.just(0), st.just(-1)), min_size=1, max_size=20),
    st.integers(24, 40),
    st.integers(0, 6),
)
def test_heading_path_is_that_of_the_nearest_headings(shape: list[int], limit: int, overlap: int) -> None:
    """Levels are headings, 0 a paragraph, -1 a fence. Every word is unique, so each tells its own place."""
    blocks: list[str] = []
    above: dict[int, str] = {}
    expected: dict[str, tuple[str, ...]] = {}
    for number, kind in enumerate(shape):
        if kind > 0:
            blocks.append("#" * kind + f" h{number}")
            above = {level: title for level, title in above.items() if level < kind} | {kind: f"h{number}"}
        else:
            words = [f"w{number}x{n}" for n in range(9)]
            line = " ".join(words[:4]) + ". " + " ".join(words[4:]) + "."
            blocks.append(line if kind == 0 else f"```\n# {line}\n```")
            expected |= dict.fromkeys(words, tuple(title for _, title in sorted(above.items())))
    for each in chunks_of("\n\n".join(blocks), limit=limit, overlap=min(overlap, limit // 2)):
        for word in re.findall(r"\bw\d+x\d+", each.text):
            assert each.heading_path == expected[word]


@many
@given(ANY, LIMIT)
def test_equal_text_gives_equal_chunks(text: str, limit: int) -> None:
    assert chunks_of(text, limit=limit, overlap=limit // 4) == chunks_of(text, limit=limit, overlap=limit // 4)


# ---- real files -----------------------------------------------------------------------------------------------------


def test_nasty_file() -> None:
    text = (CORPUS / "nasty.md").read_text(encoding="utf-8")
    found = chunks_of(text)
    assert [each.heading_path for each in found] == [
        (),
        ("code # not & tags {x}",),
        ("Setext with emphasis and two lines",),
    ]
    assert "[ref]: https://example.org" in found[1].text and "# heading in code in a list" in found[1].text
    assert found[2].text.endswith("no line end at the end")
    assert "````text\n```\nfence in a fence\n```\n````" in found[2].text


def test_front_matter_lists_and_tables_of_a_real_file() -> None:
    text = (CORPUS / "guides" / "backup.md").read_text(encoding="utf-8")
    found = chunks_of(text, limit=40, overlap=6)
    assert found[0].text.startswith("# Backups\n\nA backup holds")
    assert {each.heading_path[-1] for each in found} == {
        "Backups",
        "Taking a backup",
        "Restoring",
        "How long backups are kept",
        "Exceptions",
    }
    assert any(
        "```bash\n# the folder named by DATA_DIR\ncp -r data backup-2024-05-01\n```" in each.text for each in found
    )


# ---- size and depth -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- item\n" * 20_000, id="a long list"),
        pytest.param(">" * 200_000 + " a", id="quotes in quotes"),
        pytest.param("- " * 20_000 + "a", id="lists in lists"),
        pytest.param("".join("  " * n + "- a\n" for n in range(600)), id="lists ever deeper"),
        pytest.param("# " + "[" * 100_000 + "\n\na", id="a heading of brackets"),
        pytest.param("." * 300_000, id="dots"),
        pytest.param(" " * 300_000 + "a", id="blanks"),
        pytest.param("<" * 100_000, id="angle brackets"),
        pytest.param("e" + "\u0301" * 100_000, id="one character of many"),
        pytest.param("```\n" + "x = 1\n" * 30_000, id="a fence never closed"),
        pytest.param("|a|b|\n|-|-|\n" + "|1|2|\n" * 10_000, id="a long table"),
        pytest.param("word " * 60_000, id="one long line"),
        pytest.param("# h\n" * 20_000, id="nothing but headings"),
        pytest.param("a.\n" + "\n" * 300_000 + "b.", id="a gap"),
    ],
)
def test_large_and_deep_documents_are_cut_like_any_other(text: str) -> None:
    calls = []

    def counted(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count_tokens(texts)

    limits = ChunkLimits(max_tokens=200, overlap_tokens=20)
    found = chunk(text, count_tokens=counted, limits=limits)
    assert max(each.tokens for each in found) <= 200
    assert max(len(each.text.encode()) for each in found) <= limits.max_bytes
    assert len(calls) < 200 + len(text) / 100  # rounds and batches, never one call per block
    assert blank(text[: found[0].start]) and blank(text[found[-1].end :])


@pytest.mark.parametrize(
    ("front_matter", "tags", "date"),
    [
        pytest.param("tags: [tls, Ops]\ndate: 2024-03-05", ("tls", "Ops"), "2024-03-05", id="lists and YAML dates"),
        pytest.param("keywords: 证书，运维\nlastmod: 2023/1/9", ("证书", "运维"), "2023-01-09", id="one line"),
        pytest.param("tags:\n  - '#a'\n  - a\n  - 7", ("a", "7"), "", id="marks go, repeats go"),
        pytest.param("updated: 2024-03-05T10:00:00Z", (), "2024-03-05", id="a moment is a date"),
        pytest.param(
            "date: 2024-13-45\ntags: x", ("x",), "", id="no such date: YAML itself refuses it, the rest stays"
        ),
        pytest.param("a: b: c\ntags: x\n\tdate: 2024-03-05", ("x",), "2024-03-05", id="broken lines beside sound ones"),
        pytest.param("tags: a\ntags: [b]", ("b",), "", id="twice: the last"),
        pytest.param("tags: [1, yes, ~, 2.5, 2024-01-01]", ("1", "yes", "2.5", "2024-01-01"), "", id="as written"),
        pytest.param("tags: *none\ndate: &d 2024-03-05\nx: &x *x", (), "2024-03-05", id="anchors that lead nowhere"),
        pytest.param("'Tags': [a]\n\"date\": 2024-03-05", ("a",), "2024-03-05", id="quoted keys"),
        pytest.param(f"tags: [{'9' * 9999}]\ndate: {'9' * 9999}", ("9" * 64,), "", id="huge numbers"),
        pytest.param(f"tags: {'[' * 9999}", (), "", id="nested for ever"),
        pytest.param("date: soon\ncreated: '2020-02-30'", (), "", id="what is no date is none"),
        pytest.param("tags: {a: 1}\n", (), "", id="no list"),
        pytest.param("title: [unclosed", (), "", id="no YAML"),
        pytest.param("a: &a [x]\ntags: *a", ("x",), "", id="aliases"),
    ],
)
def test_tags_and_date_come_from_the_front_matter(front_matter: str, tags: tuple[str, ...], date: str) -> None:
    found = described(f"---\n{front_matter}\n---\n# Text\n", fallback="f")[1]
    assert (found.tags, found.date) == (tags, date)


def test_a_document_without_front_matter_has_neither() -> None:
    assert described("# Text\ntags: none\n", fallback="f")[1] == FrontMatter()


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param("---\ntitle: T\ntags: a\ndate: 2024-01-02\nStatus: draft\nowner: [A, B]\nn: 3\n---\nx",
                     (("status", ("draft",)), ("owner", ("A", "B")), ("n", ("3",))), id="yaml"),
        pytest.param("+++\nweight = 3\nlead = 'x'\n+++\nx", (("weight", ("3",)), ("lead", ("x",))), id="toml"),
        pytest.param("---\nnested: {a: b}\nempty:\nnone: null\n---\nx", (), id="what is no text"),
        pytest.param("---\nlong: " + "x" * 900 + "\n---\nx", (("long", ("x" * 500,)),), id="a long one"),
        pytest.param("no front matter", (), id="none"),
    ],
)  # fmt: skip
def test_all_of_the_front_matter_is_kept(text: str, fields: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    assert described(text, fallback="f")[1].fields == fields == stated(text).fields


def test_what_is_kept_of_front_matter_is_bounded() -> None:
    many = "".join(f"key{n}: {'长' * 400}\n" for n in range(300))
    found = stated(f"---\n{many}title: T\n---\nx")
    size = sum(len(value.encode()) for _, values in found.fields for value in values)
    assert 10 < len(found.fields) <= 50 and size <= 24_000
    lists = stated("---\nitems: [" + ", ".join(["word"] * 1000) + "]\n---\nx").fields
    assert len(lists[0][1]) <= 32
