"""Questions that one search answers by half, made from a folder of Markdown: `python -m benchmarks.multi_step`.

comparison    two pages by their titles; both are needed
bridge        a sentence that sends to another page, without the name of it; both are needed
table         what stands in a cell of a table
aggregate     the highest and lowest number, the sum and the mean of a column, how many rows there are
list          how many pages a folder has, and how many have a word in their title
two parts     two tasks or questions of two pages in one question; both are needed
unanswerable  what no page says: each asks for something whose name stands nowhere in the folder

What is right is read from front matter, headings and cells by the few lines here, not by the product. The same folder
gives the same questions.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from .multi_step_pages import Page, columns_of, corpus_rows, has_one_table, pages, sentences_with_link, tables_of
from .multi_step_words import WORDS, Words

MOST = 30
"""Questions of each kind."""
SEED = 12
_HEADING = re.compile(r"^##\s+(.{6,60}?)\s*#*\s*$", re.MULTILINE)

Row = dict[str, Any]


def questions(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """All questions, kind by kind, no question twice."""
    draw = random.Random(SEED)
    for kind, made in (
        ("comparison", comparisons(read, words)),
        ("bridge", bridges(read, words)),
        ("table", cells(read, words)),
        ("aggregate", aggregates(read, words)),
        ("list", lists(read, words)),
        ("two parts", parts(read, words)),
        ("unanswerable", unanswerable(read, words)),
    ):
        several = _unambiguous(made)
        for place, row in enumerate(draw.sample(several, min(MOST, len(several)))):
            yield {"qid": f"{words.language} {kind} {place}", "kind": kind, **row}


def _unambiguous(made: Iterable[Row]) -> list[Row]:
    """Each question once, and none that has two answers."""
    by_text: dict[str, list[Row]] = {}
    for row in made:
        by_text.setdefault(row["query"], []).append(row)
    return [rows[0] for rows in by_text.values() if all(row == rows[0] for row in rows)]


def comparisons(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Pages of one folder whose titles are names of a few words."""
    named = [page for page in read if page.titled and words.is_name(page.title)]
    titles = Counter(page.title.casefold() for page in read)
    for place, (one, other) in enumerate(pairwise(named)):
        alone = titles[one.title.casefold()] == titles[other.title.casefold()] == 1
        if one.folder == other.folder and alone:
            text = words.comparisons[place % len(words.comparisons)].format(a=one.title, b=other.title)
            yield {"query": text, "relevant": [one.name, other.name]}


def bridges(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Sentences with one link to another page, whose words do not name it."""
    by_file = Counter(page.file for page in read)
    names = {page.file: page.name for page in read}
    for page in read:
        for bare, target in sentences_with_link(page.text):
            file = target.rpartition("/")[2]
            if by_file[file] == 1 and names[file] != page.name and page.titled and words.is_sentence(bare):
                text = words.bridge.format(title=page.title, sentence=bare)
                yield {"query": text, "relevant": [page.name, names[file]]}


def cells(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Cells by the name of their row and column."""
    for page in read:
        for columns, rows in tables_of(page.text):
            keys = Counter(row[0] for row in rows)
            for row in rows[:4]:
                key, value = row[0], row[1]
                if keys[key] == 1 and page.titled and _telling(key, value):
                    text = words.cell.format(column=columns[1].lower(), key=key, title=page.title)
                    yield {"query": text, "relevant": [page.name], "answer_any": [value]}


def _telling(key: str, value: str) -> bool:
    plain = not re.search(r"[<>*]", key + value) and re.search(r"\w{3}|[\u3400-\u9fff]", key)
    return bool(plain) and len(key) <= 40 and 1 <= len(value) <= 40 and value.lower() not in ("n/a", "-", "none")


def aggregates(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Figures of columns of plain numbers, and the number of rows of pages with one table."""
    for page in read:
        found = list(tables_of(page.text))
        for columns, rows in found:
            for name, figure in columns_of(columns, rows):
                if sum(name in head for head, _ in found) == 1:
                    for how, value in figure.items():
                        text = words.aggregates[how].format(column=name, title=page.title)
                        yield {"query": text, "relevant": [page.name], "answer_any": [value]}
        if page.titled and has_one_table(page.text) and len(found[0][1]) > 1:
            (_, rows) = found[0]
            text = words.rows.format(title=page.title)
            yield {
                "query": text,
                "relevant": [page.name],
                "answer_any": [said.format(count=len(rows)) for said in words.of_rows],
            }


def lists(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Folders and words of titles, with how many pages have them."""
    folders = Counter(page.folder for page in read)
    for folder, count in sorted(folders.items()):
        if folder != "." and not any(other.startswith(f"{folder}/") for other in folders):
            yield _listed(words.folder.format(folder=folder), count, words)
    heard = Counter(word for page in read for word in set(words.title_word.findall(page.title)))
    for word, count in sorted(heard.items()):
        same = sum(word.lower() in page.title.lower() for page in read)
        if count > 2 and same == count:
            yield _listed(words.titled.format(word=word), count, words)


def _listed(text: str, count: int, words: Words) -> Row:
    return {"query": text, "relevant": [], "answer_any": [words.of_documents.format(count=count)]}


def parts(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Two headings that are questions, and two titles that are tasks, of two pages each."""
    asked = [(page, heading) for page in read for heading in _HEADING.findall(page.text)[:2] if heading[-1] in "?？"]
    for (one, first), (other, second) in zip(asked, asked[2:], strict=False):
        if one.name != other.name:
            yield {"query": f"{first} {second}", "relevant": [one.name, other.name]}
    titles = Counter(page.title.casefold() for page in read)
    tasks = [p for p in read if words.task.fullmatch(p.title) and titles[p.title.casefold()] == 1]
    for one, other in zip(tasks, tasks[3:], strict=False):
        text = words.tasks.format(a=words.as_task(one.title), b=words.as_task(other.title))
        yield {"query": text, "relevant": [one.name, other.name]}


def unanswerable(read: Sequence[Page], words: Words) -> Iterator[Row]:
    """Questions about what no page names: one that some page does is left out."""
    text = "\n".join(f"{page.name}\n{page.title}\n{page.text}" for page in read).casefold()
    for query, names in words.unanswerable:
        if not any(name.casefold() in text for name in names):
            yield {"query": query, "relevant": [], "answerable": False}


def main() -> None:
    """Write the questions of a folder, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--language", choices=tuple(WORDS), default="en")
    parser.add_argument("--corpus", type=Path, help="also write the pages, for `evaluate --corpus`")
    args = parser.parse_args()
    read = pages(args.folder)
    _write(args.out, questions(read, WORDS[args.language]))
    if args.corpus:
        _write(args.corpus, corpus_rows(args.folder))


def _write(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
