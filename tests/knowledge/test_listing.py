"""Filtering, sorting and paging thousands of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.knowledge.listing import PAGE_ROWS, SORTS, Listing, first, folders, listed
from rag.messages import reason
from rag.types import Document


def document(number: int) -> Document:
    return Document(
        name=f"folder {number % 7}/deep/doc {number:04}.md",
        sha256=f"{number:064}",
        title=f"Title {number * 7919 % 3000}",
        language="zh" if number % 3 else "en",
        size=number * 31 % 1000,
        chunks=number % 50,
        tokens=number * 17 % 5000,
        ingested_at=1000.0 + number * 13 % 3000,
        tags=("even",) if number % 2 == 0 else (),
        kind="pdf" if number % 10 == 0 else "markdown",
        enabled=number % 5 != 0,
        date=("", "2024-01-01", "2024-01-31", "2024-02-01", "2024-03-01", "", "2024-12-31", "", "", "")[number % 10],
    )


MANY = [document(number) for number in range(3000)]
SOME = MANY[::7]
"""Of every value, on several pages."""


def names(listing: Listing, *, among: Sequence[Document] = MANY) -> list[str]:
    """All matching names, page after page."""
    first = listed(among, listing)
    pages = [listed(among, replace(listing, page=page)) for page in range(1, first.pages + 1)]
    assert all(len(page.documents) == PAGE_ROWS for page in pages[:-1])
    return [d.name for page in pages for d in page.documents]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_every_document_comes_once_in_order(sort: str, descending: bool) -> None:
    found = names(Listing(sort=sort, descending=descending), among=SOME)
    assert len(found) > 3 * PAGE_ROWS and sorted(found) == sorted(d.name for d in SOME)
    by_name = {d.name: d for d in SOME}
    keys = [SORTS[sort](by_name[name]) for name in found]
    assert keys == sorted(keys, reverse=descending)


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        pytest.param(Listing(words="DOC 0042"), 1, id="words of the name"),
        pytest.param(Listing(words="title 17 even"), None, id="words of title and tag"),
        pytest.param(Listing(folder="folder 3/"), 429, id="a folder"),
        pytest.param(Listing(folder="folder 3/deep/", tag="even"), 214, id="a folder and a tag"),
        pytest.param(Listing(kind="pdf"), 300, id="a kind"),
        pytest.param(Listing(state="disabled"), 600, id="disabled"),
        pytest.param(Listing(state="failed"), 0, id="failed"),
        pytest.param(Listing(folder="folder"), 0, id="not a folder"),
        pytest.param(Listing(since="2024-02-01"), 900, id="since a day"),
        pytest.param(Listing(until="2024-01-31"), 600, id="until a day"),
        pytest.param(Listing(since="2024-03-01", until="2024-03-01", tag="even"), 300, id="on a day, with a tag"),
        pytest.param(Listing(since="2025-01-01", until="2024-01-01"), 0, id="no day at all"),
    ],
)
def test_filters(listing: Listing, expected: int | None) -> None:
    found = listed(MANY, listing)
    if expected is None:
        assert 0 < found.matching < 300
    else:
        assert found.matching == expected == len(names(listing))
    assert (found.total, found.chunks) == (3000, sum(d.chunks for d in MANY))


def test_pages_that_are_not_there_are_the_nearest() -> None:
    assert listed(MANY, Listing(page=999)).page == 60 == listed(MANY, Listing()).pages
    assert listed(MANY, Listing(page=-5)).page == 1
    empty = listed([], Listing(page=3))
    assert (empty.page, empty.pages, empty.matching, empty.documents) == (1, 1, 0, ())


def test_what_there_is_to_choose_from() -> None:
    found = listed(MANY, Listing(words="nothing has this"))
    assert found.kinds == ("markdown", "pdf") and found.tags == (("even", 1500),)
    assert found.folders[0] == ("folder 0/", 429) and found.folders[1] == ("folder 0/deep/", 429)
    assert found.dates == ("2024-01-01", "2024-12-31") and listed([], Listing()).dates == ("", "")
    assert folders([replace(MANY[0], name="top.md")]) == ()


def test_a_failure_is_shown_before_all_else_and_found_both_ways() -> None:
    failed = replace(MANY[0], error=reason("ingest.no_text"))
    for state in ("failed", "disabled"):
        assert listed([failed, MANY[1]], Listing(state=state)).documents == (failed,)


def test_an_unknown_column_is_the_name() -> None:
    assert listed(MANY, Listing(sort="__class__")).documents == listed(MANY, Listing()).documents


def test_the_first_that_match_and_how_many_more() -> None:
    every = names(Listing(words="DOC 00 title"))
    shown, more = first(MANY, "DOC 00 title", most=20)
    assert [d.name for d in shown] == every[:20] and more == len(every) - 20 > 20
    rest, left = first(MANY, "DOC 00 title", most=20, without=every[:20])
    assert [d.name for d in rest] == every[20:40] and left == len(every) - 40
    assert first(MANY, "doc 0042.md", most=20, without=["folder 0/deep/doc 0042.md"]) == ([], 0)
