"""Formulas in running text, and that they are shown letter by letter."""

from __future__ import annotations

import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from rag.text.formulas import formula_end
from rag.text.markdown_spans import SpanKind, pieces
from rag.text.sanitizer import safe_markdown

FORMULAS = [
    r"\(z\)",
    r"\(a_{1} * b_{2} * c_{3}\)",
    r"\[ E = mc^2 \]",
    r"$a_1*b_1*c$",
    "$x$",
    r"$$ p_1 - p_2 = \lambda \frac{L}{D} \\ \rho $$",
    r"\begin{align} Q &= A v \\ p_1 &= 2 \end{align}",
    r"\(a < b > c \& ![d](https://e.example) <i>\)",
]
PROSE = [
    "It costs $5 per test and $7 per report.",
    "It costs $5_000 and $6_000.",
    r"\(see below\)",
    r"\[1\]",
    "One costs $5_a [1], another 7$ more.",
    r"\(a_1",
    "$$",
]


def shown(markdown: str) -> str:
    """The words a reader sees."""
    html = MarkdownIt("commonmark").render(safe_markdown(markdown))
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_shown_letter_by_letter(formula: str) -> None:
    assert shown(f"Let *this* be {formula} here [1].") == f"Let this be {formula} here [1]."
    assert [p.kind for p in pieces(f"Let {formula} be") if p.kind is not SpanKind.TEXT] == [SpanKind.FORMULA]


@pytest.mark.parametrize("prose", PROSE)
def test_prices_and_brackets_are_no_formula(prose: str) -> None:
    assert not any(piece.kind is SpanKind.FORMULA for piece in pieces(prose))


def test_a_formula_on_several_lines_is_one() -> None:
    assert shown("It is\n\n$$\nRe = \\frac{a}{b}\n$$\n\nhere.").startswith("It is\n$$ Re = \\frac{a}{b} $$")


def test_a_formula_ends_within_its_text() -> None:
    assert formula_end(r"\(a_1\)", 0, 6) == 0
    assert formula_end(r"\(a_1\)", 0, 7) == 7
    assert formula_end("$" + "a_" * 1000 + "$", 0, 2002) == 0
