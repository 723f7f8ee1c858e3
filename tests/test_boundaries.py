"""The values at which rules change their answer: one step less, and it is the other one."""

from __future__ import annotations

import math

import pytest

from rag.citations.brackets import LEAST_AFTER_COMMA, WINDOW
from rag.citations.check import LEAST_CITED, LEAST_UNCITED, check
from rag.citations.markers import LONGEST_RANGE, find
from rag.citations.matching import LEAST_PART, SearchableText, parts
from rag.citations.stream import split
from rag.ledger import Match, Support
from rag.retrieval.duplicates import LONG, LONGEST_SHOWN, conflicts, repeats
from rag.retrieval.fusion import fuse
from rag.retrieval.selection import select
from rag.text.markdown_spans import allowed
from rag.text.sanitizer import safe_markdown
from rag.types import Candidate, Chunk, Fusion, Hit, RetrievalOptions, StoredChunk
from tests.support.evidence import candidate


def passage(text: str, *, document: str = "a.md", path: tuple[str, ...] = ("Guide",)) -> StoredChunk:
    return StoredChunk(f"{document}:{text}", document, "", "en", Chunk(0, 0, len(text), path, text, 1))


def hit(rank: int, document: str, index: int, id: str) -> Hit:
    return Hit(StoredChunk(id, document, "0" * 64, "en", Chunk(index, 0, 1, (), id, 1)), rank, 1.0)


def words(count: int, letter: str = "w") -> str:
    """So many different words."""
    return " ".join(f"{letter}{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(count))


# ---- retrieval -------------------------------------------------------------------------------------------------------


def test_a_passage_at_the_threshold_is_kept() -> None:
    even = candidate("as likely as not", log_odds=0.0)
    (at,) = select([even], RetrievalOptions(threshold=0.5))
    (below,) = select([even], RetrievalOptions(threshold=math.nextafter(0.5, 1.0)))
    assert (at.number, below.number) == (1, None)


@pytest.mark.parametrize(
    ("dense", "full_text"),
    [
        pytest.param([hit(1, "z.md", 9, "9")], [hit(2, "a.md", 0, "0")], id="the better rank in one list"),
        pytest.param([hit(1, "a.md", 9, "9")], [hit(1, "b.md", 0, "0")], id="then the name of the document"),
        pytest.param([hit(1, "a.md", 0, "9")], [hit(1, "a.md", 1, "0")], id="then the place in it"),
        pytest.param([hit(1, "a.md", 0, "0")], [hit(1, "a.md", 0, "9")], id="then the id"),
    ],
)
def test_candidates_of_one_score_are_in_one_order(dense: list[Hit], full_text: list[Hit]) -> None:
    even = Fusion(dense_weight=0.0, full_text_weight=0.0)
    for lists in ((dense, full_text), (full_text, dense)):
        assert [c.stored.id for c in fuse(*lists, even)] == [dense[0].stored.id, full_text[0].stored.id]


# ---- duplicates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "same"), [(55, True), (56, False)])
def test_a_passage_much_longer_for_its_markup_repeats_no_other(length: int, same: bool) -> None:
    short = "ten letter"
    assert repeats(passage(short), passage(short.ljust(length, "*"), document="b.md")) is same


@pytest.mark.parametrize(("count", "same"), [(LONG, True), (LONG - 1, False)])
def test_a_long_passage_repeats_another_under_other_headings(count: int, same: bool) -> None:
    one, other = passage(words(count)), passage(words(count), document="b.md", path=("Handbook",))
    assert repeats(one, other) is same


@pytest.mark.parametrize(("count", "same"), [(47, True), (46, False)])
def test_a_passage_with_a_tenth_more_repeats_the_other(count: int, same: bool) -> None:
    """Runs of three words: 45 of 50 are nine tenths, 44 of 49 are less."""
    one, other = passage(words(count)), passage(f"{words(count)} {words(5, 'x')}", document="b.md")
    assert repeats(one, other) is same


@pytest.mark.parametrize(
    ("documents", "one", "other", "code"),
    [
        pytest.param(("a-v1.md", "a-v2.md"), "k l m n", "k l x y", "duplicates.differ", id="half, of two versions"),
        pytest.param(("a-v1.md", "a-v2.md"), "k l m n o", "k l x y", "duplicates.versions", id="less"),
        pytest.param(("a.md", "z.md"), "k l m n", "k l m y", "duplicates.differ", id="three quarters, of one heading"),
        pytest.param(("a.md", "z.md"), "k l m n o", "k l m y", "", id="less than that"),
    ],
)
def test_passages_with_enough_words_in_common_are_told_by_what_differs(
    documents: tuple[str, str], one: str, other: str, code: str
) -> None:
    texts = zip((one, other), documents, strict=True)
    found = conflicts([Candidate(passage(f"{text}.", document=document)) for text, document in texts])
    assert [each.why.code for each in found] == ([code] if code else [])


@pytest.mark.parametrize("more", [0, 1])
def test_a_sentence_in_a_conflict_is_cut_when_it_is_longer_than_shown(more: int) -> None:
    same = " ".join(["same"] * 30)
    long = f"{same} {'x' * (LONGEST_SHOWN + more - len(same) - 2)}."
    (found,) = conflicts([
        Candidate(passage(long, document="a-v1.md")),
        Candidate(passage(f"{same} y.", document="a-v2.md")),
    ])  # fmt: skip
    left = str(found.why.values["left"])
    assert len(left) == LONGEST_SHOWN and left == (f"{long[: LONGEST_SHOWN - 1]}…" if more else long)


# ---- citations and quotes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "count"), [(1 + LONGEST_RANGE, 1 + LONGEST_RANGE), (2 + LONGEST_RANGE, 0), (1, 1)])
def test_a_range_of_citations_has_a_length(last: int, count: int) -> None:
    assert len(find(f"It is kept [1-{last}].", 99)) == count


@pytest.mark.parametrize(
    ("letters", "support"), [(LEAST_CITED, Support.QUOTED), (LEAST_CITED - 1, Support.CITED)], ids=["enough", "less"]
)
def test_a_sentence_of_enough_letters_is_looked_up_in_what_it_cites(letters: int, support: Support) -> None:
    said = "Keys"[:letters]
    found = check(f"{said} [1].", (), [candidate(f"{said}.", number=1)])
    assert [claim.support for claim in found.claims] == [support]


@pytest.mark.parametrize("letters", [LEAST_UNCITED, LEAST_UNCITED - 1])
def test_a_sentence_of_enough_letters_is_looked_up_in_what_the_next_one_cites(letters: int) -> None:
    said = f"Every broker keeps the {'x' * (letters - 19)}."
    found = check(f"{said} Something else is said here [1].", (), [candidate(said, number=1)])
    assert (found.claims[0].support is Support.QUOTED) is (letters == LEAST_UNCITED)


@pytest.mark.parametrize(("letters", "count"), [(LEAST_PART, 2), (LEAST_PART - 1, 1)])
def test_what_stands_between_omissions_has_a_least_length(letters: int, count: int) -> None:
    assert len(parts(f"{'a' * letters} … {'b' * LEAST_PART}")) == count


@pytest.mark.parametrize("letters", [LEAST_AFTER_COMMA, LEAST_AFTER_COMMA - 1])
def test_words_behind_a_comma_are_a_quote_when_they_are_enough(letters: int) -> None:
    assert len(split(f'Kept [1, "{"a" * letters}"].').quotes) == (letters == LEAST_AFTER_COMMA)


@pytest.mark.parametrize("length", [WINDOW - 2, WINDOW - 1])
def test_a_quote_ends_within_the_window(length: int) -> None:
    """The mark that closes it and the bracket belong to the window."""
    assert len(split(f'Kept [1 "{"a" * length}"].').quotes) == (length == WINDOW - 2)


def test_a_quote_as_similar_as_it_must_be_is_close() -> None:
    text, quote = "The largest file that is taken is 20 MB.", "The largest file that was taken is 20 MB."
    similar = SearchableText(text, close=0.5).look_up(quote).similarity
    assert SearchableText(text, close=similar).look_up(quote).match is Match.CLOSE
    assert SearchableText(text, close=math.nextafter(similar, 1.0)).look_up(quote).match is Match.MISSING


# ---- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u00ad", "\u2066", "\ufeff", "\u00a0", "\ue000"])
def test_a_link_whose_address_has_characters_nobody_sees_is_none(hidden: str) -> None:
    assert allowed("https://a.example/path") and not allowed(f"https://a.example/{hidden}path")
    assert safe_markdown(f"[label](https://a.example/{hidden}path)").startswith("\\[label\\]")
