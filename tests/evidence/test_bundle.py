"""Saved evidence: it comes back whole, shows nothing but itself, and a file that is none is refused."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations.markers import find
from rag.errors import BundleRefused
from rag.events import Stage, StageEvent, StageState
from rag.evidence import bundle as bundles
from rag.evidence.bundle import MOST_BYTES, Bundle, as_json, bundle_of, in_page, opened
from rag.ledger import Ledger, Match, Outcome, Quote
from rag.messages import LANGUAGES, Language, reason
from rag.types import Message, Retrieval
from rag.ui.html.evidence.bundle import page
from tests.support.browsed import Page
from tests.support.evidence import candidate
from tests.support.examples import examples
from tests.support.marked import RERANKER
from tests.support.searches import with_found

from .test_conversation_store import make_ledger

PASSAGE = "A backup is taken every night at two. It is kept for a month."


def answered(
    *,
    question: str = "How often is a backup taken?",
    answer: str = "Every night [1], it seems.",
    passage: str = PASSAGE,
    document: str = "guides/backup.md",
) -> Ledger:
    """A consistent record: one context, quoted, and one candidate that was dropped."""
    kept = candidate(passage, document=document, path=("Backup",), number=1, log_odds=2.5, ranked=True, start=30)
    far = candidate(
        "Bananas are yellow.",
        document="fruit.md",
        log_odds=-4.0,
        dropped=reason("stages.below_threshold", probability=0.02, threshold=0.17),
    )
    ledger = make_ledger(question, answer)
    end = min(len(passage), 37)
    found = Retrieval(question, ledger.options, (kept, replace(far, rank=2)))
    return replace(
        with_found(ledger, found),
        messages=(Message("system", "Answer."), Message("user", f"context 1\n\n{passage}\n\nQuestion: {question}")),
        citations=find(answer, 1),
        quotes=(Quote(1, passage[:end], Match.EXACT, 1.0, 0, end, 15),) if passage == PASSAGE else (),
        claims=(),
        models={"reranker": RERANKER},
        answer_stages=(StageEvent(Stage.GENERATE, StageState.FAILED, reason("stages.stopped"), 12.0),),
        reason=None,
        outcome=Outcome.GENERATED,
    )


def saved(ledger: Ledger | None = None) -> Bundle:
    return bundle_of(ledger or answered(), saved_at=1_790_000_000.0)


def as_page(bundle: Bundle, language: Language = "en") -> str:
    return in_page(bundle, page(bundle, language))


# ---- there and back -------------------------------------------------------------------------------------------------


def test_json_comes_back_whole() -> None:
    found = opened(as_json(saved()).encode())
    assert (found.bundle, found.intact, found.shown) == (saved(answered_like(found)), True, None)
    assert found.bundle.saved_at == "2026-09-21T14:13:20+00:00"
    assert [(d.name, d.sha256) for d in found.bundle.documents] == [
        ("guides/backup.md", "0" * 64),
        ("fruit.md", "0" * 64),
    ]


def answered_like(found: bundles.Opened) -> Ledger:
    """The same record: only its id is drawn anew for every ledger of the tests."""
    return replace(answered(), id=found.bundle.record.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_carries_the_same_evidence(language: Language) -> None:
    bundle = saved()
    found = opened(as_page(bundle, language).encode())
    assert (found.intact, found.shown) == (True, True)
    assert replace(found.bundle, page="") == bundle


def test_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = as_page(saved())
    found = opened(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert (found.intact, found.shown) == (True, True)


@pytest.mark.parametrize(
    ("old", "new", "intact", "shown"),
    [
        pytest.param(">Every night ", ">Never ", True, False, id="the answer that is shown"),
        pytest.param("</body>", "<script>alert(1)</script></body>", True, False, id="a script is added"),
        pytest.param('"answer": "Every night', '"answer": "Never', False, True, id="the answer in the data"),
        pytest.param('"log_odds": 2.5', '"log_odds": 3.5', False, True, id="a score in the data"),
    ],
)
def test_what_was_changed_is_told(old: str, new: str, intact: bool, shown: bool) -> None:
    text = as_page(saved())
    assert old in text
    found = opened(text.replace(old, new, 1).encode())
    assert (found.intact, found.shown) == (intact, shown)


@examples(60)
@given(st.data())
def test_no_single_value_changes_unnoticed(data: st.DataObject) -> None:
    written = json.loads(as_json(saved()))
    where, key = data.draw(st.sampled_from(list(leaves(written))))
    value = where[key]
    if isinstance(value, bool):
        where[key] = not value
    else:
        where[key] = value + 1 if isinstance(value, (int, float)) else f"{value}x"
    with contextlib.suppress(BundleRefused):  # the value cannot be that
        assert not opened(json.dumps(written).encode()).intact


def leaves(value: Any) -> Any:
    """(container, key) of every text, number and truth value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, (dict, list)):
            yield from leaves(inner)
        elif inner is not None:
            yield value, key


# ---- the page -------------------------------------------------------------------------------------------------------


def test_a_page_reads_without_a_script_and_asks_nobody_for_anything() -> None:
    seen = Page(as_page(saved()))
    assert seen.named("script") == [{"type": "application/json", "id": "plainsight-evidence"}]
    assert not {tag for tag, _ in seen.tags} & {"link", "img", "iframe", "object", "embed", "base", "form", "video"}
    assert [a for _, a in seen.tags if "src" in a or any(name.startswith("on") for name in a)] == []
    assert {a.get("href") for a in seen.named("a")} == {"#ev-1-1"}
    assert any("default-src 'none'" in str(m.get("content")) for m in seen.named("meta"))
    style = re.search(r"<style>(.*?)</style>", as_page(saved()), re.DOTALL)
    assert style and "url(" not in style[1] and "@import" not in style[1] and "prefers-color-scheme" in style[1]
    assert "@media print" in style[1]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ["Every night", "word for word", "Bananas are yellow.", "0.924", "+2.50", "#3 0.7123", "generate failed"],
        ),
        ("zh", ["逐字一致", "全部候选", "未采用候选的文本", "哈希值"]),
    ],
)
def test_a_page_says_everything_there_is(language: Language, said: list[str]) -> None:
    words = " ".join(re.sub(r"<script.*?</script>", "", as_page(saved(), language), flags=re.DOTALL).split())
    shown = " ".join(Page(words.replace("><", "> <")).shown.split())
    assert [word for word in said if word not in shown] == []


hostile = st.text(
    alphabet=st.sampled_from("ab<>/!-&\"'`[]()\\ 1\n") | st.sampled_from(["é", "中", "\u2028"]), max_size=40
)
texts = hostile | st.sampled_from(
    ["</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>", '"><svg onload=a>', "]]>"]
)
OURS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "h3", "p", "br", "section", "div",
    "ol", "ul", "li", "bdi", "span", "b", "small", "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
    "code", "pre", "dl", "dt", "dd", "a", "em", "strong", "s", "hr", "blockquote", "time", "mark", "footer", "script",
}  # fmt: skip


@examples(60)
@given(texts, texts, texts, texts)
def test_nothing_breaks_out_of_a_page(question: str, answer: str, passage: str, document: str) -> None:
    bundle = saved(answered(question=question, answer=answer, passage=passage, document=document))
    text = as_page(bundle)
    seen = Page(text)
    assert {tag for tag, _ in seen.tags} <= OURS
    assert len(seen.named("script")) == 1
    assert [a for _, a in seen.tags if any(name.startswith("on") or name == "src" for name in a)] == []
    found = opened(text.encode())
    assert (found.intact, found.shown, replace(found.bundle, page="")) == (True, True, bundle)


# ---- files that are none --------------------------------------------------------------------------------------------


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    data = json.loads(as_json(saved()))
    change(data)
    return json.dumps(data).encode()


def first(data: dict[str, Any]) -> Any:
    return data["record"]["searches"][0]["retrieval"]["candidates"][0]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(lambda: b"", "no_data", id="nothing"),
        pytest.param(lambda: b"%PDF-1.7 text", "no_data", id="another file"),
        pytest.param(lambda: b"\xff\xfe\x00", "not_text", id="not text"),
        pytest.param(lambda: b" " * (MOST_BYTES + 1), "too_large", id="huge"),
        pytest.param(lambda: b'{"a": ', "not_json", id="damaged"),
        pytest.param(lambda: b'{"a":' * 100_000, "not_json", id="nested without end"),
        pytest.param(lambda: b'{"a": NaN}', "not_json", id="not a number"),
        pytest.param(lambda: b'{"a": 1' + b"0" * 5000 + b"}", "not_json", id="a number without end"),
        pytest.param(lambda: b'{"format": "plainsight-evidence", "format": "x"}', "not_json", id="a key twice"),
        pytest.param(lambda: b'{"format": "another"}', "no_data", id="another format"),
        pytest.param(lambda: b"{}", "no_data", id="an empty object"),
        pytest.param(lambda: edited(lambda d: d.update(version=3)), "other_version", id="another version"),
        pytest.param(lambda: edited(lambda d: d.pop("record")), "wrong_shape", id="no record"),
        pytest.param(lambda: edited(lambda d: d.update(record=[])), "wrong_shape", id="a record that is a list"),
        pytest.param(lambda: edited(lambda d: first(d).update(rank="1")), "wrong_shape", id="a rank that is text"),
        pytest.param(lambda: edited(lambda d: first(d)["stored"].update(chunk=None)), "wrong_shape", id="no chunk"),
        pytest.param(lambda: edited(lambda d: d["record"].update(outcome="won")), "wrong_shape", id="another outcome"),
        pytest.param(lambda: edited(lambda d: d["record"].update(answer="\ud800")), "wrong_shape", id="half a letter"),
        pytest.param(lambda: edited(lambda d: d["record"].update(answer="x" * 600_000)), "too_much", id="no answer"),
        pytest.param(
            lambda: edited(lambda d: d["record"].update(quotes=d["record"]["quotes"] * 3000)), "too_much", id="quotes"
        ),
        pytest.param(lambda: (as_page(saved()) + as_page(saved())).encode(), "twice", id="two pages in one"),
        pytest.param(lambda: as_page(saved()).encode()[:-500], "cut", id="a page cut short"),
        pytest.param(
            lambda: as_page(saved()).replace('"version": 2', '"version": "').encode(), "not_json", id="cut data"
        ),
    ],
)
def test_a_file_that_is_no_evidence_is_refused_with_a_sentence(content: Callable[[], bytes], code: str) -> None:
    with pytest.raises(BundleRefused) as caught:
        opened(content())
    assert caught.value.reason.code == f"bundle.{code}"
    assert len(str(caught.value)) < 400


@examples(100)
@given(st.data())
def test_whatever_is_in_a_file_it_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(as_page(saved()).encode())
    start = content.index(b'{"format"')
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(start, len(content) - 20))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    try:
        opened(bytes(content))
    except BundleRefused as e:
        assert str(e)
