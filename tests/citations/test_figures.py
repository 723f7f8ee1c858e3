"""The figures of a sentence against those of its quote."""

from __future__ import annotations

import pytest

from rag.citations.figures import altered
from tests.support.growth import assert_linear


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        pytest.param("It starts at 85 degrees.", "starts at 85 degrees", id="the same"),
        pytest.param("It holds 1,000 files.", "holds 1000 files", id="thousands"),
        pytest.param("Port ８０８０ is used.", "port 8080", id="wide digits"),
        pytest.param("It came on 5 March 2024.", "came on 2024-03-05", id="a date written otherwise"),
        pytest.param("它于2024年3月5日发布。", "released on March 5, 2024", id="a date in another language"),
        pytest.param("It came in 2024.", "came on 2024-03-05", id="the year of a date"),
        pytest.param("It came on March 5.", "came on 2024-03-05", id="a date without its year"),
        pytest.param("It takes 12 s.", "takes 12 seconds", id="a unit written otherwise"),
        pytest.param("需要 12 秒。", "takes 12 seconds", id="a unit in another language"),
        pytest.param("It takes 12.", "takes 12 seconds", id="no unit"),
        pytest.param("There are 3 replicas.", "three replicas", id="a number in words"),
        pytest.param("共有 3 个副本。", "三个副本", id="a number in signs"),
        pytest.param("Step 3: restart it.", "restart it", id="a step that is counted"),
        pytest.param("Nothing is said.", "none", id="no figure at all"),
        pytest.param("It takes 10-20 ms.", "10–20 ms", id="a range"),
    ],
)
def test_what_a_quote_has(sentence: str, quote: str) -> None:
    assert altered(sentence, [quote]) == []


@pytest.mark.parametrize(
    ("sentence", "quote", "figures"),
    [
        pytest.param("It starts at 58 degrees.", "starts at 85 degrees", ["58"], id="a number"),
        pytest.param("It starts at 8 degrees.", "starts at 85 degrees", ["8"], id="a part of a number"),
        pytest.param("Since 2.4.1 it works.", "works since 2.4.10", ["2.4.1"], id="a version"),
        pytest.param("Since v2.5 it works.", "works since v2.4", ["2.5"], id="a version with its letter"),
        pytest.param("It came on 2024-03-06.", "came on 2024-03-05", ["2024-3-6"], id="a date"),
        pytest.param("It came on May 3, 2024.", "came on 3 March 2024", ["2024-5-3"], id="a month in words"),
        pytest.param("它于3月6日发布。", "3月5日发布", ["-3-6"], id="a date in Chinese"),
        pytest.param("It takes 12 minutes.", "takes 12 seconds", ["12"], id="a unit"),
        pytest.param("需要 12 分钟。", "takes 12 s", ["12"], id="a unit in another language"),
        pytest.param("It holds 20 MB.", "holds 20 GB", ["20"], id="a prefix"),
        pytest.param("It costs €5.", "costs $5", ["5"], id="a currency"),
        pytest.param("It is -5 °C.", "is 5 °C", ["-5"], id="a sign"),
        pytest.param("It is 50%.", "is 50 of them, or 5%", [], id="a number that has no unit may have any"),
        pytest.param("At 10:30 it ends.", "ends at 10:20", ["10:30"], id="a time"),
        pytest.param("There are 4 replicas.", "three replicas", ["4"], id="a number in words"),
    ],
)
def test_what_a_quote_does_not_have(sentence: str, quote: str, figures: list[str]) -> None:
    assert altered(sentence, [quote]) == figures


@pytest.mark.parametrize(
    "piece", ["1", "1,", "1 ", "-1", "5 March ", "2024-", "1'000", "$1", "1.1:", "第1步", "Step 1"]
)
def test_looking_for_figures_takes_work_that_grows_as_the_sentence_does(piece: str) -> None:
    assert_linear(lambda text: altered(text, []), piece)
