"""The catalogue: every language, same placeholders, and every code in the source is there."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.messages import FIRST, LANGUAGES, SHIPPED, Language, Reason, area, reason, text

AREAS = SHIPPED.areas(FIRST)
ROOT = Path(__file__).parent.parent


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_areas(language: Language) -> None:
    assert SHIPPED.areas(language) == AREAS


@pytest.mark.parametrize("name", AREAS)
def test_every_sentence_exists_in_every_language_with_the_same_values(name: str) -> None:
    for code, sentences in area(name).items():
        if code.startswith("named_") and name == "language":
            continue  # a language need not have a name for every other one
        assert set(sentences) == set(LANGUAGES), f"{name}.{code}"
        assert len({frozenset(placeholders(sentences[lang])) for lang in LANGUAGES}) == 1, f"{name}.{code}"


def calls() -> Iterator[tuple[str, str, set[str] | None]]:
    """(where, code, keyword names or None when values come as a mapping) of every literal code in the source."""
    for path in sorted([*ROOT.glob("rag/**/*.py"), *ROOT.glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            code = node.args[0].value
            if name in ("reason", "Reason", "label") and isinstance(code, str) and ("." in code or name == "reason"):
                given = {k.arg for k in node.keywords}
                passed_on = name != "reason" or None in given
                yield f"{path.name}:{node.lineno}", code, None if passed_on else {k for k in given if k}


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    wrong = []
    for where, code, given in calls():
        area_name, _, name = code.partition(".")
        sentences = area(area_name).get(name) if area_name in AREAS else None
        if sentences is None or (given is not None and not placeholders(sentences["en"]) <= given):
            wrong.append(f"{where} {code}")
    assert wrong == []


def test_a_reason_speaks_both_languages() -> None:
    why = reason("settings.unknown_near", name="RAG_PROT", near="RAG_PORT")
    assert "RAG_PORT" in text(why, "en") and "RAG_PORT" in text(why, "zh")
    assert text(why, "en") != text(why, "zh")
    assert str(why) == text(why, "en")


def test_a_reason_inside_a_reason_speaks_the_same_language() -> None:
    inner = reason("settings.unknown", name="X")
    why = reason("generation.rewrite_failed", why=inner)
    assert text(inner, "zh") in text(why, "zh") and text(inner, "en") in text(why, "en")


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        text(Reason("settings.no_such_code"), "en")
