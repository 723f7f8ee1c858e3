"""The knowledge bases there are: kept, checked, renamed, switched, deleted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.errors import KeepingError, LibraryError
from rag.knowledge import catalog as catalogue
from rag.knowledge.catalog import Catalog
from rag.knowledge.knowledge_base import KnowledgeBase
from rag.types import Mode, RetrievalOptions


@pytest.fixture
def kept(tmp_path: Path) -> Catalog:
    return again(tmp_path)


def again(folder: Path) -> Catalog:
    """The same file opened anew, as after a restart."""
    return Catalog(Database(folder / "plainsight.db"), "plainsight", now=lambda: 1000.0)


def test_what_an_earlier_version_kept_of_the_options_is_still_wanted(tmp_path: Path) -> None:
    columns = (
        "id, name, name_key, live, description, language, instruction, mode, candidates, contexts, threshold, created"
    )
    earlier = Database(tmp_path / "plainsight.db")
    earlier.use("catalogue", catalogue.MIGRATIONS[:2])
    with earlier.write() as db:
        for row in (
            ("a", "A", "a", "a", "", "", "Find the rule", "full_text", 150, 30, 0.17, 1.0),
            ("b", "B", "b", "b", "", "", "", "", None, None, None, 1.0),
        ):
            db.execute(f"INSERT INTO bases ({columns}) VALUES ({', '.join('?' * len(row))})", row)
    earlier.close()
    kept = again(tmp_path)
    own = {"instruction": "Find the rule", "mode": Mode.FULL_TEXT, "candidates": 150, "contexts": 30, "threshold": 0.17}
    assert kept.base("a").wished == own and kept.base("a").created == 1.0
    assert kept.base("b").wished == {}


def test_the_options_have_the_bounds_of_the_settings(kept: Catalog) -> None:
    wide = kept.change(replace(kept.base(), candidates=150, contexts=30, instruction="x" * 500))
    assert wide == kept.base() and (wide.candidates, wide.contexts) == (150, 30)
    for beyond, allowed in (
        ({"candidates": 201}, "1 to 200"),
        ({"contexts": 51}, "1 to 50"),
        ({"threshold": 1.1}, "1"),
    ):
        with pytest.raises(LibraryError, match=allowed):
            kept.change(replace(wide, **beyond))
    with pytest.raises(LibraryError, match="500"):
        kept.change(replace(wide, instruction="x" * 501))


def test_the_default_one_is_there_before_anything_was_kept(kept: Catalog) -> None:
    assert kept.all() == [KnowledgeBase("plainsight", "", "plainsight")]
    assert kept.base() == kept.base("plainsight") == kept.named("") == kept.named("plainsight")


def test_what_is_created_survives_a_restart_and_has_a_collection_of_its_own(kept: Catalog, tmp_path: Path) -> None:
    made = kept.create("  Hand\tbook ", description="For operators.  \n")
    other = kept.create("手册")
    assert (made.name, made.description, made.created) == ("Hand book", "For operators.", 1000.0)
    assert len({made.live, other.live, "plainsight"}) == 3 and made.live.startswith("plainsight_")
    assert again(tmp_path).all() == [kept.base(), made, other]
    assert again(tmp_path).base(made.id) == again(tmp_path).named("HAND BOOK") == made


def test_an_existing_collection_can_be_given_a_knowledge_base(kept: Catalog) -> None:
    assert kept.create("Adopted", live="old_one").live == "old_one"
    for taken in ("old_one", "plainsight"):
        with pytest.raises(LibraryError) as caught:
            kept.create("Again", live=taken)
        assert caught.value.reason.code == "library.collection_taken"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param(" ", "library.bad_name", id="empty"),
        pytest.param("x" * 61, "library.bad_name", id="too long"),
        pytest.param("a\x00b", "library.bad_name", id="a control character"),
        pytest.param("abc\u202etxt", "library.bad_name", id="turns the direction of text"),
        pytest.param("HANDBOOK", "library.name_taken", id="taken but for case"),
        pytest.param("Ｈａｎｄｂｏｏｋ", "library.name_taken", id="taken but for width"),
    ],
)
def test_names_that_cannot_be(kept: Catalog, name: str, code: str) -> None:
    kept.create("Handbook")
    with pytest.raises(LibraryError) as caught:
        kept.create(name)
    assert caught.value.reason.code == code
    assert len(kept.all()) == 2


def test_there_is_a_most(kept: Catalog) -> None:
    for number in range(catalogue.MOST_BASES - 1):
        kept.create(f"number {number}")
    with pytest.raises(LibraryError) as caught:
        kept.create("one more")
    assert caught.value.reason.code == "library.too_many"


def test_everything_but_the_collection_can_be_changed(kept: Catalog, tmp_path: Path) -> None:
    made = kept.create("Handbook")
    wanted = replace(
        made, name="Manual", description="d", language="zh", instruction="Find it", mode=Mode.DENSE, candidates=30,
        contexts=4, threshold=0.0,
    )  # fmt: skip
    assert kept.change(replace(wanted, live="elsewhere", created=5.0)) == wanted
    assert again(tmp_path).base(made.id) == wanted
    assert kept.change(replace(wanted, name="MANUAL")).name == "MANUAL"  # its own name is not taken


def test_the_default_one_can_be_named_and_unnamed(kept: Catalog, tmp_path: Path) -> None:
    kept.change(replace(kept.base(), name="Wiki"))
    assert again(tmp_path).named("wiki").id == "plainsight"
    assert kept.change(replace(kept.base(), name="")).name == ""
    assert len(kept.all()) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"name": ""}, "library.bad_name", id="no name"),
        pytest.param({"candidates": 0}, "library.out_of_range", id="no candidates"),
        pytest.param({"threshold": float("nan")}, "library.out_of_range", id="no number"),
        pytest.param({"language": "english"}, "library.bad_language", id="no language code"),
        pytest.param({"instruction": "x" * 501}, "library.too_long", id="a long instruction"),
    ],
)
def test_changes_that_cannot_be(kept: Catalog, change: dict[str, object], code: str) -> None:
    made = kept.create("Handbook")
    with pytest.raises(LibraryError) as caught:
        kept.change(replace(made, **change))  # type: ignore[arg-type]
    assert caught.value.reason.code == code
    assert kept.base(made.id) == made


def test_what_is_not_there_cannot_be_named_changed_or_deleted(kept: Catalog) -> None:
    gone = KnowledgeBase("kb_gone", "Gone", "gone")
    for attempt in (
        lambda: kept.base("kb_gone"),
        lambda: kept.named("Gone"),
        lambda: kept.change(gone),
        lambda: kept.switch("kb_gone", "x"),
        lambda: kept.delete("kb_gone", typed="Gone"),
    ):
        with pytest.raises(LibraryError) as caught:
            attempt()
        assert caught.value.reason.code == "library.none"


def test_deleting_asks_for_the_name_and_remembers_what_to_drop(kept: Catalog, tmp_path: Path) -> None:
    made = kept.create("Handbook")
    with pytest.raises(LibraryError) as caught:
        kept.delete(made.id, typed="Handbok")
    assert caught.value.reason.code == "library.typed_wrong" and kept.doomed() == []
    assert kept.delete(made.id, typed="handbook") == made
    assert again(tmp_path).doomed() == [made.live] and len(again(tmp_path).all()) == 1
    kept.dropped(made.live)
    assert again(tmp_path).doomed() == []


def test_the_default_one_stays(kept: Catalog) -> None:
    with pytest.raises(LibraryError) as caught:
        kept.delete("plainsight", typed="")
    assert caught.value.reason.code == "library.default_stays"


def test_another_collection_takes_over_and_the_old_one_is_dropped_only_when_doomed(
    kept: Catalog, tmp_path: Path
) -> None:
    assert kept.switch("plainsight", "plainsight_2") == "plainsight"
    assert again(tmp_path).base().live == "plainsight_2" and again(tmp_path).base().id == "plainsight"
    kept.doom("plainsight_2")  # it answers: it cannot go
    assert kept.doomed() == []
    kept.doom("plainsight")
    assert again(tmp_path).doomed() == ["plainsight"]


def test_own_wishes_go_over_the_settings() -> None:
    settings = RetrievalOptions(candidates=20, threshold=0.17, instruction="general")
    assert KnowledgeBase("a", "A", "a").over(settings) == settings
    wishes = KnowledgeBase("a", "A", "a", instruction="own", mode=Mode.DENSE, threshold=0.0)
    assert wishes.over(settings) == replace(settings, instruction="own", mode=Mode.DENSE, threshold=0.0)


def test_the_default_one_answers_without_the_file(tmp_path: Path) -> None:
    (tmp_path / "plainsight.db").mkdir()  # cannot be opened
    assert again(tmp_path).base() == KnowledgeBase("plainsight", "", "plainsight")
    with pytest.raises(KeepingError):
        again(tmp_path).base("kb_other")
