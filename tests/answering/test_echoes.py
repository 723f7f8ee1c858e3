"""Where an answer ends because its prompt is repeated: however the stream is cut, and nowhere else."""

from __future__ import annotations

import pytest

from rag.answering.echoes import WithoutEcho

BOUNDARY = "#0f1e2d3c4b5a"

ECHOES = [
    ("Rotate it [1].\n#0f1e2d3c4b5a context 2\ndocument: x.md", "Rotate it [1]."),
    ("Rotate it [1]. 0f1e2d3c4b5a end 1", "Rotate it [1]."),
    ("#0f1e2d3c4b5a context 1\n", ""),
    ("Rotate it [1].\n\ncontext 4\ndocument: made-up.md\n\nText.", "Rotate it [1]."),
    ("Rotate it [1].\n\n## Context 4\nknowledge base: x\n", "Rotate it [1]."),
    ("context 1\nsection: a", ""),
]
KEPT = [
    "# 0f1e is the beginning of a hash #0f1e2d3c",
    "In this context 3\ndocument: kinds are named.",
    "Context 3 says so [3].\n\nContext\n\ncontext 12\nand more",
    "A list:\n- context\n- document: a.md\n# Context",
    "Rotate it [1].\ncontext 4",
    "",
]


def said(reply: str, size: int) -> tuple[str, bool]:
    echo = WithoutEcho(BOUNDARY)
    shown = "".join(echo.feed(reply[at : at + size]) for at in range(0, len(reply), size))
    return shown + echo.flush(), echo.ended


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(("reply", "answer"), ECHOES)
def test_an_answer_ends_where_the_prompt_is_repeated(reply: str, answer: str, size: int) -> None:
    shown, ended = said(reply, size)
    assert (shown.rstrip(), ended) == (answer, True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize("reply", KEPT)
def test_nothing_else_ends_an_answer(reply: str, size: int) -> None:
    assert said(reply, size) == (reply, False)


def test_what_is_certain_is_not_held_back() -> None:
    echo = WithoutEcho(BOUNDARY)
    assert echo.feed("Rotate it every month [1].") == "Rotate it every month [1]."
    assert echo.feed(" And\n") == " And"
    assert echo.feed("then some.") == "\nthen some."


def test_of_blanks_without_an_end_little_is_held() -> None:
    echo = WithoutEcho(BOUNDARY)
    assert sum(len(echo.feed("\n")) for _ in range(5000)) > 4500
