"""The names of a question that mean exactly one thing: each row is a sentence of the specification."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.text.codes import Weight
from rag.text.designations import designations, in_signs
from rag.text.identifiers import holds, identifiers, mentions, naming, others, search_terms
from rag.text.terms import terms
from tests.support.growth import assert_linear


@pytest.mark.parametrize(
    ("question", "named"),
    [
        pytest.param("What does ERR_QX_9999 mean?", ["ERR_QX_9999"], id="an error code"),
        pytest.param("E1001和E1010有什么区别", ["E1001", "E1010"], id="codes among ideographs"),
        pytest.param("Why 0x8007F1A2?", ["0x8007F1A2"], id="a number in hex"),
        pytest.param("Is it a.bC.maxNumPerDB?", ["a.bC.maxNumPerDB"], id="a key with dots"),
        pytest.param("What is max_workers?", ["max_workers"], id="a key with underscores"),
        pytest.param("What is maxTaskNum?", ["maxTaskNum"], id="a key with capitals"),
        pytest.param("What is `pool.size`?", ["pool.size"], id="what stands in backquotes"),
        pytest.param("What does --dry-run do?", ["--dry-run"], id="a flag"),
        pytest.param("What does foo::bar->baz() do?", ["foo::bar->baz()"], id="a function"),
        pytest.param("Is 2.4.10 or version 1.20 out?", ["2.4.10", "version 1.20"], id="versions"),
        pytest.param("3.0.0-rc.2", ["3.0.0-rc.2"], id="a version before it is out"),
        pytest.param("Does it need TLS 1.1?", ["1.1"], id="a number behind a name"),
        pytest.param("What happened on 12 March 2024?", ["12 March 2024"], id="a date"),
        pytest.param("3月12日发生了什么？", ["3月12日"], id="a date in Chinese"),
        pytest.param("What does article 10 say?", ["article 10"], id="an article"),
        pytest.param("第十条说什么？", ["第十条"], id="an article in Chinese"),
        pytest.param("205室有什么？", ["205室"], id="a room in Chinese"),
        pytest.param("Was steht in Artikel 10?", ["Artikel 10"], id="an article in German"),
        pytest.param("Does it need 5 GB?", ["5 GB"], id="an amount"),
        pytest.param("How do I set up the S7-1200?", ["S7-1200"], id="a model"),
        pytest.param("Who is a.b@c.de?", ["a.b@c.de"], id="an address"),
        pytest.param("top 5 reasons to use it", [], id="a number that names nothing"),
        pytest.param("GitHub, JavaScript, iPhone and macOS", [], id="names of products"),
        pytest.param("state-of-the-art, e-mail, e.g. 24-yard", [], id="words with marks"),
        pytest.param("Which part I like of the 1990s", [], id="a pronoun is no number"),
        pytest.param("the 7 decimal digits of 3 markets", [], id="words that begin as months do"),
    ],
)
def test_a_question_names(question: str, named: list[str]) -> None:
    assert [each.text for each in naming(question)] == named


@pytest.mark.parametrize(
    ("question", "text"),
    [
        pytest.param("ERR_QX_4012", "err_qx_4012: the clock", id="upper or lower case"),
        pytest.param("version 2.4.1", "since v2.4.1.", id="a version with its letter"),
        pytest.param("2.4.10", "milvusdb/milvus:v2.4.10", id="a version in a tag"),
        pytest.param("version 24.1", "## 24.1", id="a version that is a heading"),
        pytest.param("2024-03-12", "am 12.03.2024", id="a date with dots"),
        pytest.param("12 March 2024", "2024年3月12日", id="a date in another language"),
        pytest.param("March 12", "## 2024-03-12", id="a date without its year"),
        pytest.param("2024-03-12", "# 2024\n\n12 March: rain", id="a year that stands elsewhere"),
        pytest.param("article 10", "第十条 儿童", id="an article in another language"),
        pytest.param("第十条", "Articles 9 to 12 are new", id="an article in a range"),
        pytest.param("article 4", "Article IV", id="letters for a number"),
        pytest.param("room 205", "| Room | Use |\n|---|---|\n| 205 | Pumps |", id="a cell under its name"),
        pytest.param("chapter 2", "# Chapter two", id="a number in words"),
        pytest.param("3.5 GB", "needs 3.5GB", id="an amount without a blank"),
        pytest.param("20 °C", "20 degrees or 20 ℃", id="a unit written otherwise"),
        pytest.param("keepAliveTimeout", "`server.http.keepAliveTimeout`", id="the end of a longer key"),
        pytest.param("S7-1200", "the S7 1200", id="a model with a blank"),
        pytest.param("--dry-run", "use --dry-run=client", id="a flag with its value"),
        pytest.param("第２条", "第二条", id="wide digits"),
    ],
)
def test_a_text_holds_it_however_it_is_written(question: str, text: str) -> None:
    assert all(holds(each, text) for each in naming(question))


@pytest.mark.parametrize(
    ("question", "text", "instead"),
    [
        pytest.param("2.4.1", "## 2.4.10", ("2.4.10",), id="a version that begins the same"),
        pytest.param("2.4.1", "12.4.1", ("12.4.1",), id="a version that ends the same"),
        pytest.param("3.0.0", "3.0.0-rc.2", ("3.0.0-rc.2",), id="a version before it is out"),
        pytest.param("ERR_QX_9999", "ERR_QX_4012", ("ERR_QX_4012",), id="another code"),
        pytest.param("E1001", "E10012", ("E10012",), id="a longer code"),
        pytest.param("S7-1200", "S7-1200X", (), id="a longer model"),
        pytest.param("article 1", "Article 10", ("Article 10",), id="another article"),
        pytest.param("第一条", "第十一条", ("第十一条",), id="another article in Chinese"),
        pytest.param("article 99", "Article 4 costs 99 euros", ("Article 4",), id="the number of something else"),
        pytest.param("room 11", "Room 111", ("Room 111",), id="another room"),
        pytest.param("2024-03-12", "2024-03-02", ("2024-03-02",), id="another day"),
        pytest.param("12 March 2024", "12 March 2023", ("12 March 2023",), id="another year"),
        pytest.param("5 GB", "5 MB", (), id="another unit; amounts are not taken for each other"),
        pytest.param("maxTaskNum", "maxTaskNumber", ("maxTaskNumber",), id="a longer key"),
    ],
)
def test_a_text_holds_only_another_one(question: str, text: str, instead: tuple[str, ...]) -> None:
    (asked,) = naming(question)
    assert not holds(asked, text)
    assert others(asked, text) == instead


def test_a_line_of_versions_is_mentioned_by_any_of_them() -> None:
    (line,) = naming("What is new in version 2.4?")
    (patch,) = naming("What is new in 2.4.3?")
    assert mentions(line, "since 2.4.1")
    assert not mentions(patch, "since 2.4.1")
    assert not mentions(line, "since 2.40")


@pytest.mark.parametrize(
    ("question", "weight"),
    [
        pytest.param("What does ERR_QX_9999 mean?", Weight.NAME, id="a code names a thing"),
        pytest.param("What is in room 205?", Weight.NAME_AMONG_OTHERS, id="a room does among rooms"),
        pytest.param("How do I upgrade to 2.4.11?", Weight.DETAIL, id="a version to move to"),
        pytest.param("How do I use port 9000?", Weight.DETAIL, id="a port may be the asker's"),
        pytest.param("Is 5 GB enough?", Weight.DETAIL, id="an amount"),
        pytest.param("第一条铁路在哪里？", Weight.DETAIL, id="the first of several"),
    ],
)
def test_what_a_name_weighs(question: str, weight: Weight) -> None:
    assert [each.weight for each in naming(question)] == [weight]


WORDS = st.text(alphabet="abcXYZ 019_.-:/第条章年月日室#`@()\n", max_size=60)


@given(WORDS)
@example("室0/1")
def test_a_text_holds_every_name_it_has_and_no_name_is_another_one(text: str) -> None:
    for each in identifiers(text):
        assert each.text and each.value
        assert all(other != each.text for other in others(each, each.text))


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_numbered_thing_is_that_number_alone_in_figures_and_signs(asked: int, there: int) -> None:
    (name,) = naming(f"article {asked}")
    for text in (f"## Article {there}\n\nWords.", f"第{in_signs(str(there))}条 文字", f"第{there}条"):
        assert holds(name, text) == (asked == there)


@given(st.lists(st.integers(0, 30), min_size=3, max_size=3), st.lists(st.integers(0, 30), min_size=3, max_size=3))
def test_a_version_is_that_version_alone(asked: list[int], there: list[int]) -> None:
    (name,) = naming("What is new in " + ".".join(map(str, asked)) + "?")
    assert holds(name, "## v" + ".".join(map(str, there)) + "\n\nA fix.") == (asked == there)


@given(st.dates(), st.dates())
def test_a_date_is_that_day_alone(asked: object, there: object) -> None:
    for name in naming(f"What happened on {asked}?"):
        assert holds(name, f"## {there}") == (asked == there)


@pytest.mark.parametrize("question", ["ERR_QX_9999", "2.4.10", "article 10", "2024-03-12", "3.5 GB", "--dry-run"])
def test_the_terms_it_is_found_by_are_among_those_of_a_text_that_holds_it(question: str) -> None:
    (name,) = naming(question)
    for group in search_terms(name):
        assert set(group) & set(terms(question))


def test_a_range_without_end_names_its_ends_alone() -> None:
    assert {value for *_, value in designations("articles 1 to 99999")} == {"1", "99999"}


@pytest.mark.parametrize(
    "piece", ["1.", "a_", "1-", "articles 1, ", "A1::", "v1.1.", "第一", "2024-", "x@y.", "`a.b` ", "5 GB ", "TLS 1.1 "]
)
def test_looking_for_names_takes_work_that_grows_as_the_text_does(piece: str) -> None:
    assert_linear(lambda text: len(identifiers(text)), piece)


@pytest.mark.parametrize(
    ("question", "text", "there"),
    [
        pytest.param("what is max_length?", "the string exceeds max length", True, id="the words of a key"),
        pytest.param("what is max_length?", "the length is at its max", False, id="not in a row"),
        pytest.param("what is max_length?", "the climax lengthens", False, id="not inside of words"),
        pytest.param("what is ERR_QX_9999?", "err qx 9999", False, id="a code"),
    ],
)
def test_a_key_may_be_spelled_out(question: str, text: str, there: bool) -> None:
    (name,) = naming(question)
    assert mentions(name, text) is there
