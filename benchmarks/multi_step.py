"""Questions that one search answers by half, made from a folder of Markdown: `python -m benchmarks.multi_step`.

comparison    two pages by their titles; both are needed
bridge        a sentence that sends to another page, without the name of it; both are needed
table         what stands in a cell of a table, and the highest and lowest number of a column
list          how many pages a folder has, and how many have a word in their title
two parts     two questions by headings in one

What is right is read from front matter and cells by the few lines here, not by the product. The same folder gives the
same questions.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

MOST = 40
"""Questions of each kind."""
SEED = 12
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[([^\[\]]{3,60})\]\(([\w./-]+\.md)(?:#[\w-]*)?\)")
_SENTENCE = re.compile(r"[^.!?\n]*(?<!!)\[[^\[\]]{3,60}\]\([\w./-]+\.md(?:#[\w-]*)?\)[^.!?\n]*[.!?]")
_HEADING = re.compile(r"^##\s+(.{8,60}?)\s*$", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the folder."""

    name: str
    title: str
    text: str


def pages(folder: Path) -> list[Page]:
    """The pages with a title, by name."""
    found = []
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        _, front, body = (
            text.split("---\n", 2) if text.startswith("---\n") and text.count("---\n") > 1 else ("", "", text)
        )
        if title := _TITLE.search(front):
            found.append(Page(str(path.relative_to(folder)), title[1].strip(), body))
    return found


def questions(read: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """All questions, kind by kind."""
    draw = random.Random(SEED)
    for kind, made in (
        ("comparison", comparisons(read)),
        ("bridge", bridges(read)),
        ("table", tables(read)),
        ("list", lists(read)),
        ("two parts", parts(read)),
    ):
        several = list(made)
        for place, row in enumerate(draw.sample(several, min(MOST, len(several)))):
            yield {"qid": f"{kind} {place}", "kind": kind, **row}


def comparisons(read: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """Pages of one folder whose titles are names of at most four words."""
    named = [page for page in read if len(page.title.split()) <= 4 and page.title.isascii()]
    for one, other in pairwise(named):
        if Path(one.name).parent == Path(other.name).parent and one.title != other.title:
            text = f"What is the difference between {one.title} and {other.title}?"
            yield {"query": text, "relevant": [one.name, other.name]}


def bridges(read: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """Sentences with one link to another page, whose words do not name it."""
    by_file = Counter(Path(page.name).name for page in read)
    names = {Path(page.name).name: page.name for page in read}
    for page in read:
        for sentence in _SENTENCE.findall(page.text):
            links = _LINK.findall(sentence)
            file = Path(links[0][1]).name if len(links) == 1 else ""
            if not file or by_file[file] != 1 or names[file] == page.name:
                continue
            bare = " ".join(re.sub(r"[*`>#|]", " ", _LINK.sub(" ", sentence)).split()).strip(" -.:,")
            if 6 <= len(bare.split()) <= 30 and bare.isascii():
                yield {"query": f"{page.title}: {bare}?", "relevant": [page.name, names[file]]}


def tables(read: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """Cells by the name of their row and column; the highest and lowest of columns of numbers."""
    for page in read:
        found = list(_tables(page.text))
        for columns, rows in found:
            keys = Counter(row[0] for row in rows)
            for row in rows[:3]:
                if keys[row[0]] == 1 and 3 <= len(row[0]) <= 40 and 1 <= len(row[1]) <= 40 and row[1].isascii():
                    text = f"What is the {columns[1].lower()} of {row[0]} in the table of {page.title}?"
                    yield {"query": text, "relevant": [page.name], "answer_any": [row[1]]}
            for place in range(1, len(columns)):
                if sum(columns[place] in head for head, _ in found) > 1:
                    continue
                numbers = [row[place] for row in rows if _NUMBER.fullmatch(row[place])]
                if len(numbers) == len(rows) > 2:
                    for word, pick in (("highest", max), ("lowest", min)):
                        value = pick(numbers, key=float)
                        text = f"What is the {word} {columns[place]} in the table of {page.title}?"
                        yield {"query": text, "relevant": [page.name], "answer_any": [value]}


def _tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Pipe tables whose rows are as long as their head."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if not re.fullmatch(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*", line) or not at or "|" not in lines[at - 1]:
            continue
        rows = []
        for row in lines[at + 1 :]:
            if "|" not in row:
                break
            rows.append(_cells(row))
        head = _cells(lines[at - 1])
        if len(rows) > 1 and len(head) > 1 and all(head) and all(len(row) == len(head) for row in rows):
            yield head, rows


def _cells(line: str) -> list[str]:
    return [re.sub(r"[*`]|__|</?\w+>|\[|\]\([^)]*\)", "", cell).strip() for cell in line.strip().strip("|").split("|")]


def lists(read: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """Folders and words of titles, with how many pages have them. Pages without a title count by their name alone."""
    folders = Counter(str(Path(page.name).parent) for page in read)
    for folder, count in sorted(folders.items()):
        if folder != "." and not any(other.startswith(f"{folder}/") for other in folders):
            yield {
                "query": f"How many documents are in the folder {folder}?",
                "relevant": [],
                "answer_any": [f"{count} document"],
            }
    words = Counter(word for page in read for word in set(re.findall(r"[A-Z][a-z]{4,}", page.title)))
    for word, count in sorted(words.items()):
        same = sum(word.lower() in page.title.lower() for page in read)
        if count > 2 and same == count:
            yield {
                "query": f"How many documents have {word} in their title?",
                "relevant": [],
                "answer_any": [f"{count} document"],
            }


def parts(read: Sequence[Page]) -> Iterator[dict[str, Any]]:
    """Two headings that are questions or tasks, of two pages."""
    asked = [(page, heading) for page in read for heading in _HEADING.findall(page.text)[:1] if heading.endswith("?")]
    for (one, first), (other, second) in pairwise(asked):
        if one.name != other.name:
            yield {"query": f"{first} {second}", "relevant": [one.name, other.name]}


def main() -> None:
    """Write the questions of a folder, one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    rows = list(questions(pages(args.folder)))
    args.out.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
