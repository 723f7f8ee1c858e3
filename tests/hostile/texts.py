"""Texts that make a scanner work: repeated, nested, never closed, half of a pair. Small generators, sized on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Text = Callable[[int], str]
"""A hostile text of about so many characters."""


def repeated(piece: str, *, before: str = "", after: str = "") -> Text:
    """`piece` again and again, behind and before what makes it matter."""
    return lambda size: before + piece * max(1, size // len(piece)) + after


def nested(opener: str, closer: str, inside: str = "x") -> Text:
    """As deep as the size allows."""
    return lambda size: (
        opener * max(1, size // (len(opener) + len(closer)))
        + inside
        + closer * max(1, size // (len(opener) + len(closer)))
    )


def rising(mark: str, between: str = " a ") -> Text:
    """Runs of `mark`, each one longer than the one before: none finds its partner."""

    def text(size: int) -> str:
        runs, length, number = [], 0, 1
        while length < size:
            runs.append(mark * number + between)
            length += len(runs[-1])
            number += 1
        return "".join(runs)

    return text


def staircase(line: str, step: str = "  ") -> Text:
    """Lines, each indented one step more."""

    def text(size: int) -> str:
        lines, length, number = [], 0, 0
        while length < size:
            lines.append(step * number + line)
            length += len(lines[-1]) + 1
            number += 1
        return "\n".join(lines)

    return text


PICTURE = "data:image/png;base64,"

TEXTS: Mapping[str, Text] = {
    # links that carry files
    "data links, never ended": repeated(f"({PICTURE}", before="!["),
    "data links in single quotes": repeated(f"<img src='{PICTURE}{'A' * 220}'> kept "),
    "data links with parameters": repeated(";charset=utf-8", before="![x](data:text/html"),
    "data links in open quotes": repeated(f'"{PICTURE}'),
    "the word data:": repeated("data:"),
    "data types": repeated("data:a/b,"),
    # brackets and their kin
    "opening brackets": repeated("["),
    "closing brackets": repeated("]"),
    "pictures opened": repeated("!["),
    "links opened": repeated("[a]("),
    "links in links": nested("[", "](x)"),
    "links and parentheses": repeated("[a](b", after=")"),
    "parentheses": nested("(", ")"),
    "link titles opened": repeated('[a](b "c'),
    "reference definitions": repeated("[a]: b\n"),
    "references to nothing": repeated("[a][b]"),
    "footnotes": repeated("[^1]"),
    "full-width brackets": repeated("【1"),
    "citations": repeated("[1]"),
    "citations with open quotes": repeated('[1 "'),
    "citations of many numbers": repeated("1, ", before="[", after="]"),
    "citations of ranges": repeated("[1-999]"),
    "quotes of blanks": repeated(" ", before='[1 "', after='"]'),
    "quotes in quotes": repeated('[1 "a [1 "b'),
    # emphasis and code
    "stars": repeated("*"),
    "stars and words": repeated("*a **b "),
    "stars around words": repeated("*a_ "),
    "underscores": repeated("_"),
    "underscores and words": repeated("a__b_"),
    "tildes": repeated("~"),
    "backticks": repeated("`"),
    "backticks, each run longer": rising("`"),
    "backticks opened": repeated("` a `` b "),
    "fences opened": repeated("```\n"),
    "fences, each longer": rising("`", "\n"),
    "fences in quotes": repeated("> ```\n"),
    "backslashes": repeated("\\"),
    "escaped brackets": repeated("\\[\\]"),
    "formulas": repeated("$x^2$ "),
    "formulas opened": repeated("$x "),
    "formulas opened on lines": repeated("$$\nx\n"),
    "formulas in brackets opened": repeated("\\[\nx = "),
    "environments opened": repeated("\\begin{align}\nx\n"),
    "fractions": lambda size: "$$\n" + "\\frac{" * (size // 7) + "}" * (size // 7) + "\n$$",
    # angle brackets and entities
    "less-than signs": repeated("<"),
    "tags": nested("<div>", "</div>"),
    "tags, never closed": repeated("<b>"),
    "tags with open attributes": repeated("<a b='"),
    "comments opened": repeated("<!--"),
    "declarations opened": repeated("<!A "),
    "instructions opened": repeated("<?"),
    "character data opened": repeated("<![CDATA["),
    "addresses opened": repeated("<https://a"),
    "entities": repeated("&amp;"),
    "entities, never ended": repeated("&#x41"),
    "ampersands": repeated("&"),
    "details": nested("<details>\n", "</details>\n"),
    # blocks
    "quote marks": repeated(">"),
    "quote marks with blanks": repeated("> "),
    "nested quotes": staircase("x", ">"),
    "list marks in one line": repeated("- "),
    "list marks of every kind": repeated("* + - 1. "),
    "nested lists": staircase("- a"),
    "numbered lists in one line": repeated("1. "),
    "task boxes": repeated("[ ] ", before="- "),
    "headings": repeated("# a\n"),
    "hashes": repeated("#"),
    "heading with closing hashes": repeated("# ", before="# a "),
    "underlined headings": repeated("a\n-\n"),
    "rules": repeated("- - -\n"),
    "pipes": repeated("|"),
    "a table of many columns": lambda size: "\n".join(["|a" * (size // 6), "|-" * (size // 6), "|b" * (size // 6)]),
    "a table of many rows": repeated("| b |\n", before="| a |\n| - |\n"),
    "rows shorter than their head": lambda size: (
        "|a" * (n := max(2, int(size**0.5))) + "|\n" + "|-" * n + "|\n" + "|b\n" * n
    ),
    "comparisons": repeated("difference between a and "),
    "rules of tables": repeated("|:-", before="|a\n"),
    "lines of one letter": repeated("a\n"),
    "indents": staircase("x", " "),
    "tabs": repeated("\t", after="x"),
    "blanks": repeated(" ", before="x", after="x"),
    "no-break blanks": repeated("\u00a0", before="x", after="x"),
    "blank lines": repeated("\n", before="x", after="x"),
    "carriage returns": repeated("\r", before="x", after="x"),
    "blanks before line ends": lambda size: "x" + " " * size + "\ny",
    # words and characters
    "one word": repeated("a"),
    "one word with dots": repeated("a."),
    "one word of parts": repeated("a-1/"),
    "camel case": repeated("aB"),
    "digits": repeated("9"),
    "digits with commas": repeated("1,000,"),
    "full stops": repeated("."),
    "ellipses": repeated("… "),
    "sentence ends and quotes": repeated('."'),
    "abbreviations": repeated("e.g. "),
    "initials": repeated("A."),
    "question marks": repeated("?"),
    "apostrophes": repeated("'"),
    "double quotes": repeated('"'),
    "curly quotes": repeated("“”"),
    "Chinese without a stop": repeated("\u7d22"),
    "Chinese quotes": repeated("「"),
    "question words": repeated("\u4ec0\u4e48"),
    "combining marks": repeated("\u0301", before="a"),
    "combining marks in disorder": repeated("\u0315\u0300\u05ae\u0323", before="a"),
    "compatibility forms": repeated("\ufdfa"),
    "joiners": repeated("\u200d", before="a"),
    "directions": repeated("\u202e\u2066"),
    "zero widths": repeated("\u200b"),
    "hangul parts": repeated("\u1100\u1161\u11a8"),
    "astral letters": repeated("\U0001d54f"),
    "emoji": repeated("\U0001f468\u200d\U0001f469"),
    "replacement characters": repeated("\ufffd"),
    "lone surrogates": repeated("\ud800"),
    "zeros": repeated("\0", before="x"),
    "controls": repeated("\x01\x1b[31m"),
    "addresses": repeated("https://a.b/c?d=e&f "),
    "one address": repeated("a/", before="https://"),
    "addresses without end": repeated("http://"),
    "mail addresses": repeated("a@b."),
    # what templates and markup of other kinds would do
    "math": repeated("$x$ "),
    "math opened": repeated("$$"),
    "templates": repeated("{{ 7*7 }}"),
    "braces": repeated("{"),
    "objects": nested('{"a":', "}", "1"),
    "admonitions": repeated(":::note\n"),
    "imports": repeated("import a from 'b'\n"),
    "attributes": repeated("{: .a #b }"),
    "thinking opened": repeated("<think>"),
    "thinking half closed": repeated("</thin", before="<think>"),
    # front matter
    "dashes": repeated("---\n"),
    "merge keys": lambda size: "---\n" + _merged(26) + "\n---\n\n# Bomb\n\ntext\n",
    "aliases": lambda size: "---\n" + _laughs(9) + "\n---\n\n# Laughs\n\ntext\n",
    "nested front matter": lambda size: "---\na: " + "[" * (size // 2) + "]" * (size // 2) + "\n---\ntext\n",
    "nested mappings": lambda size: "---\na: " + "{a: " * (size // 5) + "}" * (size // 5) + "\n---\ntext\n",
    "indented mappings": lambda size: "---\n" + staircase("a:", " ")(size) + "\n---\ntext\n",
    "tags of front matter": lambda size: "---\ntags: [" + "a, " * (size // 3) + "]\n---\ntext\n",
    "a title without end": lambda size: '---\ntitle: "' + "\\" * size + "\n---\ntext\n",
    "a title of many lines": lambda size: "---\ntitle: >\n" + " a\n" * (size // 3) + "---\ntext\n",
    "a number of a million digits": lambda size: "---\ndate: " + "9" * size + "\n---\ntext\n",
    "a sexagesimal number": lambda size: "---\ndate: 1" + ":59" * (size // 3) + "\n---\ntext\n",
    "an object of Python": lambda size: "---\na: !!python/object/apply:os.system ['touch pwned']\n---\ntext\n",
    "TOML front matter": lambda size: "+++\na = " + "[" * (size // 2) + "]" * (size // 2) + "\n+++\ntext\n",
    "TOML dotted keys": lambda size: "+++\n" + "a." * (size // 2) + "a = 1\n+++\ntext\n",
    "JSON front matter": lambda size: '{"a": ' + "[" * (size // 2) + "]" * (size // 2) + "}\n\ntext\n",
    "a front matter of comments": repeated("# a\n", before="---\n", after="---\ntext\n"),
    "a front matter without end": repeated("a: b\n", before="---\n"),
}
"""By name. What a document, an answer, a question or a quote may be made of."""


def _merged(depth: int) -> str:
    lines = ["k0: &k0 {x: 1}"]
    lines += [f"k{i}: &k{i} {{<<: [*k{i - 1}, *k{i - 1}]}}" for i in range(1, depth)]
    return "\n".join(lines)


def _laughs(depth: int) -> str:
    lines = ["k0: &k0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"k{i}: &k{i} [{', '.join([f'*k{i - 1}'] * 10)}]" for i in range(1, depth)]
    return "\n".join([*lines, f"tags: *k{depth - 1}"])
