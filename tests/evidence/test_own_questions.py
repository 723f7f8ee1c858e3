"""Questions to begin with: one of each document, the folders by turns."""

from __future__ import annotations

from rag.evidence.own_questions import of_document, spread
from rag.types import Chunk, Document


def chunks(*headings: str) -> list[Chunk]:
    return [Chunk(n, 0, 1, ("Corvo", heading) if heading else ("Corvo",), "x", 1) for n, heading in enumerate(headings)]


def document(name: str, at: float, language: str = "en") -> Document:
    return Document(name, "0" * 64, name, language, 1, 1, 1, at)


def asked(title: str, *headings: str) -> str:
    return of_document(title, lambda: chunks(*headings))


def test_a_section_that_tells_how_is_asked_about_before_one_that_names_something() -> None:
    assert asked("Corvo", "", "Overview", "Error codes", "Replace the seal") == "How do I replace the seal?"
    assert asked("Corvo", "Error codes", "Parts") == "What does “Corvo” say about error codes?"
    assert asked("Corvo", "", "Overview") == ""


def test_a_title_that_tells_how_is_asked_about_and_nothing_else_is_read() -> None:
    read: list[str] = []

    def never() -> list[Chunk]:
        read.append("chunks")
        return chunks("Prepare the data")

    assert of_document("Migrate from Corvo to Lumen", never) == "How do I migrate from Corvo to Lumen?"
    assert of_document("什么是灯具？", never) == "什么是灯具？"
    assert not read
    assert of_document("Release notes", never) == "How do I prepare the data?"


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
