"""What is told of a check: on the page, in the export and on the command line the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.citations.check import check
from rag.citations.stream import split
from rag.citations.summary import (
    CitationCheck,
    Trust,
    cited,
    in_short,
    quotes_of,
    remark,
    summary,
    trust,
    unsent,
    was_checked,
    without_source,
)
from rag.citations.unsourced import unsourced
from rag.cli import report
from rag.evidence.export import export_markdown
from rag.ledger import Ledger, Match, Outcome
from rag.types import Retrieval, RetrievalOptions
from rag.ui.html import markdown as signs
from rag.ui.html.answer.checks import card_quotes, under_answer
from rag.ui.html.answer.transcript import turn
from rag.ui.html.evidence.evidence import panel
from rag.ui.html.highlights import marked
from rag.ui.state.turn import Turn
from tests.support.browsed import Page
from tests.support.evidence import candidate
from tests.support.searches import search

CONTEXTS = [
    candidate("The largest file is **20 MB**. A zip may hold 2000 files.", document="limits.md", number=1),
    candidate("Send `SIGHUP` to every broker.", document="tls.md", number=2),
]
REPLY = (
    'Files are small [1 "The largest file is 20 MB"]. Zips too [1 "a zip may hold 2000 files"]. '
    'Wait [1 "Send SIGHUP to every broker"]. Then stop [2]. It is free. See [7 "nothing <b>"].'
)


def ledger(reply: str = REPLY, *, checked: bool = True) -> Ledger:
    splitter = split(reply)
    answer = "".join(part.shown for part in splitter.parts)
    found = check(answer, splitter.quotes, CONTEXTS)
    return Ledger(
        question="How large?",
        options=RetrievalOptions(),
        searches=(search(Retrieval("How large?", RetrievalOptions(), tuple(CONTEXTS))),),
        answer_stages=(),
        messages=(),
        answer=answer,
        citations=found.citations,
        outcome=Outcome.GENERATED,
        reason=None,
        models={},
        profile="offline",
        started_at=0.0,
        quotes=found.quotes if checked else (),
        claims=found.claims if checked else (),
    )


def turn_of(kept: Ledger) -> Turn:
    return Turn(3, kept.question, kept.options, searches=kept.searches, text=kept.answer, ledger=kept)


# ---- in words --------------------------------------------------------------------------------------------------------


def test_one_line_says_how_many_sentences_stand_word_for_word_and_what_of_the_rest() -> None:
    assert summary(ledger(), "en") == (
        "1 of 6 sentences quoted word for word · 1 nearly · 1 cited without a quote · 2 not found in its source"
        " · 1 without a source"
    )
    assert summary(ledger(), "zh").startswith("6 句中有 1 句逐字引用原文 · 1 句近似")
    assert summary(ledger('Files [1 "20 MB"].'), "en") == "1 of 1 sentence quoted word for word"


def test_an_answer_from_before_quotes_were_checked_has_nothing_to_tell() -> None:
    old = ledger(checked=False)
    assert (was_checked(old), summary(old, "en"), cited(old), report.checks_of(old, "en")) == (False, "", (), "")


def test_each_valid_citation_has_its_check_and_the_quotes_that_stand_in_its_context() -> None:
    assert [(c.number, c.check, c.quotes) for c in cited(ledger())] == [
        (1, CitationCheck.EXACT, (0,)),
        (1, CitationCheck.CLOSE, (1,)),
        (1, CitationCheck.MISSING, ()),
        (2, CitationCheck.UNQUOTED, ()),
    ]


def test_of_several_quotes_the_worst_is_the_citation_s_check() -> None:
    (only,) = cited(ledger('A [1 "20 MB", "not there at all"].'))
    assert (only.check, only.quotes) == (CitationCheck.MISSING, (0,))


def test_a_citation_of_a_sentence_with_another_figure_than_its_quote_is_not_checked_as_word_for_word() -> None:
    kept = ledger('Below 30 MB [1 "20 MB"].')
    (only,) = cited(kept)
    assert (only.check, only.quotes) == (CitationCheck.ALTERED, (0,))
    assert summary(kept, "en") == "0 of 1 sentence quoted word for word · 1 with a figure that is not in the quote"


def test_sentences_without_source_are_those_that_cite_nothing_or_only_what_was_not_sent() -> None:
    kept = ledger()
    assert [kept.answer[c.start : c.end] for c in without_source(kept)] == ["It is free.", "See [7]."]


@pytest.mark.parametrize(
    ("reply", "remarks"),
    [
        pytest.param(
            "It is free. It is fast.", [("It is free.", 1), ("It is fast.", 1)], id="sentences of a paragraph"
        ),
        pytest.param("1. Free.\n   - Fast.\n\n   - New. Good.\n2. Old.", [("Old.", 5)], id="a nested list"),
        pytest.param("- Free.\n- Small [1].\n- Fast.", [("Free.", 1), ("Fast.", 1)], id="a source between"),
        pytest.param(
            "- Free.\n\nIt is new.\n\n- Fast.", [("Free.", 1), ("It is new.", 1), ("Fast.", 1)], id="two lists"
        ),
        pytest.param("- Free.\n\n## Speed\n\n- Fast.", [("Free.", 1), ("Fast.", 1)], id="lists under two headings"),
    ],
)
def test_one_remark_tells_of_all_items_in_a_row_without_source(reply: str, remarks: list[tuple[str, int]]) -> None:
    kept = ledger(reply)
    found = unsourced(kept)
    assert [stretch.count for stretch in found] == [count for _, count in remarks]
    for stretch, (words, _) in zip(found, remarks, strict=True):
        assert kept.answer[: stretch.end].endswith(words)


@pytest.mark.parametrize(
    ("reply", "line", "how"),
    [
        pytest.param('Files [1 "20 MB"].', "Every sentence quoted word for word", Trust.GOOD, id="quoted"),
        pytest.param('Zips [1 "a zip may hold 2000 files"].', "Every sentence has a source", Trust.GOOD, id="nearly"),
        pytest.param("Files are small [1].", "Every sentence has a source", Trust.PART, id="cited"),
        pytest.param("Small [1]. Free.", "1 of 2 sentences with a source", Trust.PART, id="one has none"),
        pytest.param(REPLY, "3 of 6 sentences with a source · 2 to check", Trust.POOR, id="of every kind"),
        pytest.param('30 MB [1 "20 MB"].', "0 of 1 sentence with a source · 1 to check", Trust.POOR, id="altered"),
    ],
)
def test_the_line_of_trust_says_the_least_that_matters(reply: str, line: str, how: Trust) -> None:
    kept = ledger(reply)
    assert (in_short(kept, "en"), trust(kept)) == (line, how)


def test_a_remark_says_what_was_found() -> None:
    kept = ledger()
    assert [remark(q, "en") for q in kept.quotes] == [
        "word for word",
        "nearly, 97% alike",
        "not in this passage, but in [2]",
        "not in this passage",
    ]
    assert [p for p, _ in quotes_of(kept, 1)] == [0, 1, 2]
    assert [q.text for q in unsent(kept)] == ["nothing <b>"]


def test_the_command_line_lists_every_quote_and_every_sentence_without_source() -> None:
    lines = report.checks_of(ledger(), "en").splitlines()
    assert lines[0] == summary(ledger(), "en")
    assert lines[1:] == [
        "  [1] quote, word for word: “The largest file is 20 MB”",
        "  [1] quote, nearly, 97% alike: “a zip may hold 2000 files”",
        "  [1] quote, not in this passage, but in [2]: “Send SIGHUP to every broker”",
        "  [7] quote, not in this passage: “nothing <b>”",
        "  no source: “It is free.”",
        "  no source: “See [7].”",
    ]


def test_the_export_says_the_same() -> None:
    exported = export_markdown([ledger()], "en")
    assert f"*{summary(ledger(), 'en')}*" in exported
    assert "- quote, nearly, 97% alike: “a zip may hold 2000 files”" in exported
    assert "- no source: “It is free.”" in exported
    assert "- quote of \\[7\\], which was not sent: “nothing \\<b\\>”" in exported


# ---- on the page -----------------------------------------------------------------------------------------------------


def test_chips_carry_their_check_in_shape_and_words() -> None:
    chips = Page(turn(turn_of(ledger()), "en")).of("chip")
    links = [c for c in chips if c.get("href")]
    assert [(c["class"], c["href"], c.get("data-quotes")) for c in links] == [
        ("chip exact", "#ev-3-1", "0"),
        ("chip close", "#ev-3-1", "1"),
        ("chip missing", "#ev-3-1", None),
        ("chip unquoted", "#ev-3-2", None),
    ]
    assert links[0]["aria-label"] == "Citation 1: show the evidence (quoted word for word)"
    assert links[2]["title"] == "limits.md (its quote was not found there)"


def test_a_sentence_without_source_is_marked_and_not_hidden() -> None:
    html = turn(turn_of(ledger()), "en")
    marks = [a for a in Page(html).of("no-source") if a.get("href")]
    assert [m["href"] for m in marks] == ["#checks-3", "#checks-3"]
    assert re.search(r"It is free\. <a [^>]*>no source</a>", html)
    assert re.search(r"See \[7\]\. <a [^>]*>no source</a>", html)


def test_the_line_under_the_answer_opens_to_what_its_marks_mean() -> None:
    html = under_answer(turn_of(ledger()), "en")
    assert Page(html).tags[0] == ("details", {"class": "checks", "id": "checks-3"})
    assert "nothing &lt;b&gt;" in html
    assert under_answer(turn_of(ledger(checked=False)), "en") == ""


def test_a_list_without_source_has_one_mark_that_counts_its_sentences() -> None:
    html = turn(turn_of(ledger("Small [1].\n\n- It is free.\n  - It is fast.\n- It is new.")), "en")
    assert [a["href"] for a in Page(html).of("no-source") if a.get("href")] == ["#checks-3"]
    assert re.search(r"It is new\. <a [^>]*>no source: 3 sentences</a>", html)


def test_a_card_opens_with_the_sentence_the_answer_cites_it_for() -> None:
    html = panel([turn_of(ledger("A zip may hold many files [1]."))], 3, "en", score_name="")
    (card,) = [part for part in html.split("<li") if 'id="ev-3-1"' in part]
    assert '<p class="snippet">A zip may hold 2000 files.</p>' in card


def test_a_card_lists_its_quotes_and_marks_them_in_its_passage() -> None:
    one = turn_of(ledger())
    html = panel([one], 3, "en", score_name="p_yes")
    marks = [a for tag, a in Page(html).tags if tag == "mark" and a["class"] == "quote"]
    assert {m["data-quotes"] for m in marks} == {"0", "1"}
    rows = card_quotes(one, 1, "en")
    buttons = [a for tag, a in Page(rows).tags if tag == "button"]
    assert [(b["data-card"], b["data-quotes"]) for b in buttons] == [("ev-3-1", "0"), ("ev-3-1", "1")]
    assert "not in this passage, but in [2]" in rows
    assert card_quotes(one, 2, "en") == "" and card_quotes(one, None, "en") == ""


def test_a_quote_that_two_sentences_rest_on_is_listed_once_and_shows_for_both() -> None:
    one = turn_of(ledger('Files [1 "20 MB"]. All of them [1 "20 MB"], and more [1 "20"].'))
    rows = Page(card_quotes(one, 1, "en"))
    assert [about["data-quotes"] for tag, about in rows.tags if tag == "button"] == ["0 1", "2"]


def test_while_an_answer_streams_nothing_is_claimed_of_it() -> None:
    growing = Turn(3, "q", RetrievalOptions(), searches=ledger().searches, text="Files [1]. Free.")
    html = turn(growing, "en")
    assert [a["class"] for a in Page(html).of("chip")] == ["chip"]
    assert "no-source" not in html and "checks" not in html


def test_a_model_cannot_forge_the_mark() -> None:
    kept = ledger(f"[no source](#checks-3) {signs.SIGN} Files are small [1].")
    html = turn(turn_of(kept), "en")
    assert [a for a in Page(html).of("no-source") if a.get("href")] == []


@pytest.mark.parametrize(
    ("source", "end", "expected"),
    [
        pytest.param("It is. So", 6, f"It is.{signs.SIGN} So", id="between sentences"),
        pytest.param("`a. b` c", 3, f"`a. b`{signs.SIGN} c", id="not in code"),
        pytest.param("[a. b](http://x.y) c", 3, f"[a. b](http://x.y){signs.SIGN} c", id="not in a link"),
        pytest.param("| a |\n| - |\n| b |", 17, f"| a |\n| - |\n| b |\n\n{signs.SIGN}", id="below a table"),
    ],
)
def test_where_a_mark_goes(source: str, end: int, expected: str) -> None:
    assert signs.marked(source, [end]) == expected


@given(st.text(alphabet="ab.*_`[]()|\n <!", max_size=40), st.lists(st.integers(0, 40), max_size=4))
@example("<<<<\n\n", [6])
def test_a_mark_changes_no_character_of_the_answer(source: str, ends: list[int]) -> None:
    places = sorted({e for e in ends if e <= len(source)})
    *before, last = signs.marked(source, places).split(signs.SIGN)
    # A blank line before a mark is the mark's own, below a table, or the answer's.
    pattern = [re.sub(r"\\\n\\\n\Z", r"(?:\n\n)?", re.escape(part)) for part in before]
    assert re.fullmatch("".join([*pattern, re.escape(last)]), source)


@given(
    st.text(alphabet="ab <&", max_size=30),
    st.dictionaries(st.integers(0, 5), st.tuples(st.integers(0, 15), st.integers(16, 30))),
)
def test_marked_quotes_keep_the_text(source: str, quotes: dict[int, tuple[int, int]]) -> None:
    assert Page(marked(source, best=(2, 5), terms=[(1, 3)], quotes=quotes)).shown == source


def test_overlapping_quotes_share_their_mark() -> None:
    html = marked("abcdef", best=None, terms=[], quotes={0: (0, 4), 3: (2, 6)})
    marks = [a["data-quotes"] for _, a in Page(html).tags]
    assert marks == ["0", "0 3", "3"]


def test_matches_and_checks_have_a_word_each() -> None:
    assert {c.value for c in CitationCheck} >= {m.value for m in Match}
