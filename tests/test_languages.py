"""A language is its folder: what it counts, how it is found, and that nothing else has to know of it."""

from __future__ import annotations

import json
import re
import shutil
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import ASSETS
from rag.messages import CATALOGUE, FIRST, LANGUAGES, SHIPPED, Language, Reason, Texts
from rag.ui.i18n import for_script, translations

from . import ROOT

MADE_UP = "tlh"
"""The code of a language in which every letter is one of Georgian."""
LETTERS = str.maketrans({chr(ord("a") + i): chr(ord("ა") + i) for i in range(26)})
IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
READERS = {
    "answering/extract/choosing.py": "negations, and words that ask what is said",
    "answering/extract/scoring.py": "a sentence that answers nothing, to compare with",
    "answering/extract/wording.py": "words that point elsewhere, and lead in",
    "answering/followups.py": "words that point back to an earlier question",
    "answering/rewriting.py": "words that point back to an earlier question",
    "answering/smalltalk.py": "greetings",
    "answering/steps/charting.py": "words that ask for a chart",
    "answering/steps/days.py": "days",
    "answering/steps/history.py": "words that ask for a history",
    "answering/steps/list_words.py": "words that ask for documents",
    "answering/steps/part_words.py": "words that compare, and join questions",
    "answering/steps/parts.py": "words that join questions",
    "answering/steps/reading.py": "words that ask for all of a list, and for a section",
    "answering/steps/table_words.py": "words that count",
    "answering/steps/versions.py": "words that ask what changed",
    "answering/topics.py": "words that name another thing of the same kind",
    "citations/claims.py": "sentences that claim nothing",
    "citations/figures.py": "numbers in words",
    "citations/matching.py": "negations",
    "documents/chunking/outline.py": "words that go on after a formula",
    "documents/convert/headings.py": "labels of links to a heading",
    "documents/convert/numerals.py": "numbers as Word writes them",
    "documents/convert/slides.py": "names slides give to pictures",
    "evidence/heading_questions.py": "numbers of steps and chapters",
    "evidence/heading_words.py": "verbs of headings, and headings that only lead on",
    "models/offline/centres.py": "sentences whose middle is taken",
    "models/offline/keywords.py": "an example of a term",
    "models/qwen3/prompts.py": "a text with which a tokenizer is tried",
    "retrieval/duplicates.py": "negations, and names of versions",
    "text/designations.py": "what numbered things are called",
    "text/figures.py": "units and dates beside figures",
    "text/identifiers.py": "dates, and words of moving to a version",
    "text/language.py": "an example of a question",
    "text/question.py": "politeness around a question",
    "text/reading/brackets.py": "names that are no description of a picture",
    "text/reading/rows.py": "heads of columns that need not be named",
    "text/reading/words.py": "markers of lists",
    "text/terms.py": "words that say nothing by themselves",
    "text/titles.py": "words that only ask",
}
"""Modules that read texts in Chinese; they say nothing in it."""


def translated(sentence: str) -> str:
    """The sentence in the made-up language: values stay, and one, two and several are counted."""
    said = []
    for words, name, spec, _ in string.Formatter().parse(sentence):
        said.append(words.lower().translate(LETTERS).replace("{", "{{").replace("}", "}}"))
        if name is not None and "|" in (spec or ""):
            said.append(f"{{{name}:ა|ბ|გ}}")
        elif name is not None:
            said.append(f"{{{name}:{spec}}}" if spec else f"{{{name}}}")
    return "".join(said)


def write_language(folder: Path, code: str = MADE_UP) -> None:
    """All sentences of the first language, in the made-up one."""
    (folder / code).mkdir(parents=True)
    about = {"locale": code, "dates": "ka-GE", "direction": "rtl", "plural": "1 2", "named_en": "ინგ"}
    for name in SHIPPED.areas(FIRST):
        rows = {key: translated(words) for key, words in SHIPPED.area(name, FIRST).items() if "named_" not in key}
        rows |= about if name == "language" else {}
        lines = [f"{key} = {json.dumps(words, ensure_ascii=False)}\n" for key, words in rows.items()]
        (folder / code / f"{name}.toml").write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def three(tmp_path: Path) -> Texts:
    shutil.copytree(CATALOGUE, tmp_path / "text")
    write_language(tmp_path / "text")
    return Texts(tmp_path / "text")


def test_a_language_is_there_with_its_folder(three: Texts) -> None:
    assert three.languages == (FIRST, MADE_UP, "zh")
    assert three.area("language", MADE_UP)["name"] == translated("English")
    for name in three.areas(FIRST):
        for code in three.area(name, MADE_UP):
            assert not re.search("[a-z]", three.area(name, MADE_UP)[code].partition("{")[0]) or name == "language"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("zh-CN", "zh"),
        ("ZH_tw", "zh"),
        ("tlh-Latn", "tlh"),
        ("", None),
        ("e", None),
        ("english", None),
        ("fr", None),
        ("-", None),
        ("../en", None),
    ],
)
def test_a_tag_is_one_of_the_languages_or_none(three: Texts, wanted: str, found: Language | None) -> None:
    assert three.fitting(wanted) == found


def test_of_two_folders_the_closer_one_fits(tmp_path: Path) -> None:
    for code in ("en", "pt", "pt-BR"):
        (tmp_path / code).mkdir()
    texts = Texts(tmp_path)
    assert [texts.fitting(tag) for tag in ("pt-br", "pt-PT", "pt")] == ["pt-BR", "pt", "pt"]


def test_the_switch_goes_through_all_languages(three: Texts) -> None:
    assert [three.after(code) for code in three.languages] == [MADE_UP, "zh", FIRST]


def test_the_page_and_its_script_are_told_of_every_language(three: Texts) -> None:
    labels = translations({}, three)
    assert list(labels) == ["en", MADE_UP, "zh-CN"]
    assert labels[MADE_UP]["tab_chat"] == translated("Chat")
    told = for_script(three)
    assert list(told) == [*three.languages]
    assert told[MADE_UP] == {
        "locale": MADE_UP,
        "dates": "ka-GE",
        "direction": "rtl",
        "next": "zh",
        "words": {key: translated(words) for key, words in SHIPPED.area("script", FIRST).items()},
    }


PROGRAM = f"""
import sys
from rag.messages import LANGUAGES, reason, text
from rag.ui import assets
from rag.ui.html import shell, sheet
from rag.ui.html.answer import transcript
from rag.ui.i18n import language_of
assert LANGUAGES == ("en", "{MADE_UP}", "zh"), LANGUAGES
language = language_of("{MADE_UP};q=0.9, en")
assert '"{MADE_UP}": {{' in assets.early()
print(shell.header(language), shell.hint(language), shell.settings_head(language), sheet.sheet("", "", language))
print(transcript.empty(language, documents=[]))
"""


def test_a_copy_of_the_product_with_one_more_folder_speaks_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rag", tmp_path / "rag", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ASSETS, tmp_path / "assets")
    write_language(tmp_path / "assets" / "text")

    def run(*arguments: str) -> str:
        done = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    html = run("-c", PROGRAM)
    shown = re.findall(r'(?:aria-label|title)="([^"]*)"', html) + re.findall(r">([^<]+)<", html)
    words = {word for text in shown for word in re.findall("[A-Za-z]{2,}", text)}
    assert translated("Settings") and translated("Skip to the question field") in html, html
    assert words <= {"Plainsight", "Enter", "Shift"} | set(re.findall(r"\w+", questions(FIRST) + questions("zh")))
    refused = run("-m", "rag", "--language", MADE_UP, "ask", "")
    assert translated(SHIPPED.area("report", FIRST)["empty_argument"]).partition("{name}")[2].strip() in refused


def questions(language: Language) -> str:
    return (ASSETS / "handbook" / language / "questions.toml").read_text(encoding="utf-8")


# ---- counting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plural", "forms", "counted"),
    [
        ("1", "document|documents", {0: "documents", 1: "document", 2: "documents", 11: "documents"}),
        ("[01]", "fichier|fichiers", {0: "fichier", 1: "fichier", 2: "fichiers"}),
        ("", "one|any", {0: "any", 1: "any", 7: "any"}),
        (
            "(.*[^1])?1 (.*[^1])?[2-4]",
            "файл|файла|файлов",
            {1: "файл", 2: "файла", 5: "файлов", 11: "файлов", 12: "файлов", 21: "файл", 104: "файла", 112: "файлов"},
        ),
    ],
    ids=["English", "French", "Chinese", "Russian"],
)
def test_a_number_takes_the_form_of_its_language(
    tmp_path: Path, plural: str, forms: str, counted: dict[int, str]
) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "language.toml").write_text(f'plural = "{plural}"\n', encoding="utf-8")
    (tmp_path / "xx" / "area.toml").write_text(f'files = "{{count}} {{count:{forms}}}"\n', encoding="utf-8")
    said = {n: Texts(tmp_path).text(Reason("area.files", {"count": n}), "xx") for n in counted}
    assert said == {n: f"{n} {form}" for n, form in counted.items()}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "1 s: second"),
        (1.0, "1 s: second"),
        ("1", "1 s: second"),
        (1.5, "1.5 s: seconds"),
        ("1,001", "1,001 s: seconds"),
    ],
)
def test_whatever_stands_for_a_number_is_counted(tmp_path: Path, value: float | str, said: str) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "language.toml").write_text('plural = "1"\n', encoding="utf-8")
    shown = "{s:g}" if isinstance(value, float) else "{s}"
    (tmp_path / "xx" / "area.toml").write_text(f'wait = "{shown} s: {{s:second|seconds}}"\n', encoding="utf-8")
    assert Texts(tmp_path).text(Reason("area.wait", {"s": value}), "xx") == said


def test_a_value_that_is_missing_from_a_counting_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        SHIPPED.text(Reason("ui.documents_count", {"documents": 1}), "en")


COUNTED = (
    "answer|byte|candidate|character|chunk|context|conversation|day|dimension|document|entrie|file|job|judgement|"
    "knowledge base|mark|minute|number|page|pair|passage|question|quote|result|revision|row|second|sentence|time|token|"
    "vector"
)
TOLD = "damaged|judged|lost|more|original|question–passage"
"""Words between a number and what it counts."""


def of_one() -> Iterator[tuple[str, str]]:
    """Code and English sentence where every value is 1."""
    for name in SHIPPED.areas("en"):
        for code, template in SHIPPED.area(name, "en").items():
            values = {field: 1 for _, field, _, _ in string.Formatter().parse(template) if field}
            yield f"{name}.{code}", SHIPPED.text(Reason(f"{name}.{code}", values), "en")


def test_one_is_never_counted_as_several() -> None:
    several = re.compile(rf"(?<![\w.])1 (?:(?:{TOLD}) )?(?:{COUNTED})s\b(?![/:])")
    assert [
        (code, said) for code, said in of_one() if several.search(said) or "(s)" in said.replace("http(s)", "")
    ] == []


# ---- no words in the code -------------------------------------------------------------------------------------------


def test_no_sentence_stands_in_the_code() -> None:
    modules = {str(path.relative_to(ROOT / "rag")): path for path in sorted((ROOT / "rag").rglob("*.py"))}
    spoken = {name for name, path in modules.items() if IDEOGRAPH.search(path.read_text(encoding="utf-8"))}
    assert spoken == set(READERS)


@pytest.mark.parametrize("kind", ["js", "css", "bundle"])
def test_no_word_stands_in_scripts_and_style_sheets(kind: str) -> None:
    files = sorted(path for path in (ASSETS / kind).rglob("*") if path.is_file())
    assert files
    assert [path.name for path in files if IDEOGRAPH.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("kind", ["js", "css"])
def test_no_script_asks_which_language_it_is(kind: str) -> None:
    asked = re.compile("|".join(rf"[\"']{re.escape(code)}(?:-\w+)?[\"']" for code in LANGUAGES))
    for path in sorted((ASSETS / kind).rglob(f"*.{kind}")):
        text = path.read_text(encoding="utf-8")
        fonts = 'html[data-language="zh"] body {'  # which fonts have the signs
        assert not asked.search(text.replace(fonts, "")), path.name


def test_every_area_is_a_table_of_sentences() -> None:
    for path in sorted(CATALOGUE.rglob("*.toml")):
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        assert rows and all(isinstance(words, str) for words in rows.values()), path
