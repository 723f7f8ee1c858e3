"""Questions to begin with: one of each document, the folders by turns."""

from __future__ import annotations

from rag.evidence.own_questions import of_document, spread
from rag.types import Chunk, Document


def chunks(*headings: str) -> list[Chunk]:
    return [Chunk(n, 0, 1, ("Corvo", heading) if heading else ("Corvo",), "x", 1) for n, heading in enumerate(headings)]


def document(name: str, at: float, language: str = "en") -> Document:
    return Document(name, "0" * 64, name, language, 1, 1, 1, at)


def test_a_section_that_tells_how_is_asked_about_before_one_that_names_something() -> None:
    assert of_document(chunks("", "Overview", "Error codes", "Replace the seal")) == "How do I replace the seal?"
    assert of_document(chunks("Error codes", "Parts")) == "What does “Corvo” say about error codes?"
    assert of_document(chunks("", "Overview")) == ""


def test_folders_take_turns_each_with_the_reader_s_language_then_the_newest() -> None:
    several = [
        document("a/old.md", 1),
        document("a/new.md", 2),
        document("a/zh.md", 3, "zh"),
        document("b/one.md", 0),
        document("top.md", 5),
    ]
    assert [d.name for d in spread(several, "en")] == ["top.md", "a/new.md", "b/one.md", "a/old.md", "a/zh.md"]
    assert next(d.name for d in spread(several, "zh")) == "a/zh.md"
    assert spread([], "en") == []
