"""Formulas as browsers draw them: in answers, in documents, in cards; and those that nobody should be shown drawn."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Chunk
from rag.ui.html.formulas import DEEPEST, ELEMENTS, formula
from rag.ui.html.markdown import Checks, Chips, answer
from rag.ui.html.reading import passage
from tests.support.browsed import Page


def shown(source: str, *, complete: bool = True) -> str:
    return answer(source, Chips(1, {1: "a.md"}, "en", Checks()), complete=complete)


def drawn(html: str) -> list[str]:
    """The formulas of a page, each as the letters it shows."""
    return [re.sub(r"<[^>]*>", "", found) for found in re.findall(r"<math.*?</math>", html)]


@pytest.mark.parametrize(
    ("source", "letters"),
    [
        pytest.param(r"It is \(z\).", ["z"], id="in brackets"),
        pytest.param(r"It is \[E = mc^2\].", ["E=mc2"], id="in square brackets"),
        pytest.param("It is $a_1 + b$.", ["a1+b"], id="between dollars"),
        pytest.param("It is\n$$\nx = 1\n- y\n+ z\n$$\nand", ["x=1−y+z"], id="on lines that look like a list"),
        pytest.param("\\begin{align}\nQ &= A v \\\\\np &= 1\n\\end{align}", ["Q=Avp=1"], id="an environment"),
        pytest.param("- one\n  $$\n  x = 1\n  $$\n- two", ["x=1"], id="in a list"),
        pytest.param("> $$\n> x = 1\n> $$", ["x=1"], id="in a quote"),
        pytest.param(r"$\tag{7} x \label{eq:x} = 1$", ["(7)x=1"], id="numbered"),
        pytest.param("$a < b$ [1]", ["a&lt;b"], id="with a sign of HTML"),
        pytest.param("The cost is $5 per test and $7 per report.", [], id="prices"),
        pytest.param("`$x^2$` and\n\n```\n$x^2$\n```", [], id="in code"),
    ],
)
def test_a_formula_of_an_answer_is_drawn(source: str, letters: list[str]) -> None:
    assert drawn(shown(source)) == letters


def test_a_formula_is_drawn_once_it_is_whole() -> None:
    assert drawn(shown("It is $x^", complete=False)) == []
    assert drawn(shown("It is $x^2$, [", complete=False)) == ["x2"]


def test_citations_stand_behind_formulas_as_before() -> None:
    html = shown("Flow is $Re > 4000$ [1] and $x_[1]$.")
    assert drawn(html) == ["Re&gt;4000"] and html.count('class="chip"') == 1


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(r"$\unknown{x}$", id="an unknown command"),
        pytest.param(r"$\phantom{x}$", id="what is not seen"),
        pytest.param(r"$\href{javascript:alert(1)}{x}$", id="a link"),
        pytest.param(r"$\def\a{\a\a}\a_1$", id="a command without end"),
        pytest.param("$" + "x^{" * (DEEPEST + 2) + "}" * (DEEPEST + 2) + "$", id="nested without reason"),
        pytest.param("$\\frac" + "\\frac" * 180 + "$", id="fractions of nothing"),
    ],
)
def test_a_formula_that_cannot_be_drawn_is_shown_as_it_is_typed(typed: str) -> None:
    html = formula(typed)
    assert "<math" not in html and Page(html).shown == typed


class _Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


ALLOWED = ELEMENTS | {"span", "code"}
TEX = (
    r"\frac \left( \right) \text{ } { } ^ _ & \\ \sqrt[ ] x 1 < > ' \sum \color{red} \def\a \a #1 \operatorname "
    r"\begin{matrix} \end{matrix} \kern9em \hspace{999em} \raisebox{99em}{x} \phantom{x} \boxed{y} % ~ 中"
)
BESIDES = ('"><script>alert(1)</script>', "onclick=alert(1)", "\n", "\x00", "\u202e", "javascript:alert(1)")
PIECES = st.sampled_from([*TEX.split(), *BESIDES])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_a_formula_says_nothing_but_mathematics_is_drawn(tex: str) -> None:
    for typed in (f"${tex}$", f"$${tex}$$"):
        for tag, about in _Elements(formula(typed)).found:
            assert tag in ALLOWED
            assert not {name for name in about if name.startswith("on") or name in ("href", "src", "id")}
            assert not re.search(r"url|expression|position|\d\d+(?:\.\d+)?(?:em|rem|px)", about.get("style") or "")


def test_a_card_draws_the_formulas_of_its_passage_and_of_its_first_sentence() -> None:
    text = "# Tides\n\nThe height of the tide is $h_0 + a$ above \\(z\\).\n\n$$\nx = \\frac{1}{2}\n$$\n"
    chunk = Chunk(0, 0, len(text), ("Tides",), text, 20)
    view = passage.view(chunk, "height of the tide", ((0, (text.index("$h_0"), text.index("above"))),), "en")
    assert drawn(view.sentence) == ["h0+a", "z"]
    assert drawn(view.whole) == ["h0+a", "z", "x=12"]
    assert re.search(r'<mark class="quote" data-quotes="0">(?:<mark class="best">)?<span class="formula">', view.whole)
