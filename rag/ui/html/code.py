"""Code blocks: the name of their language, its words in colours, and buttons to copy them and to wrap their lines.

Code is untrusted. Colours come from Pygments, whose lexers can take long on hostile text: those used here stay below
half a second on the longest code that is coloured, others lend them their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from markupsafe import Markup

from rag.messages import Language

from .markup import Span, html, joined, name, t, tool

LONGEST = 4_000
"""Characters of a block that is coloured; a longer one is shown plain."""
LONGEST_NAME = 24

_LIKE_JS = "ts typescript tsx c h cpp c++ cc hpp csharp cs c# kotlin kt scala dart groovy"
_LANGUAGES = {
    "python": ("Python", "python py python3 ipython pycon"),
    "bash": ("Shell", "bash sh shell zsh console shell-session make makefile"),
    "json": ("JSON", "json jsonc json5 jsonl"),
    "yaml": ("YAML", "yaml yml"),
    "toml": ("TOML", "toml ini cfg conf properties"),
    "sql": ("SQL", "sql postgresql mysql sqlite plsql"),
    "js": ("JavaScript", f"js javascript jsx mjs {_LIKE_JS}"),
    "html": ("HTML", "html xhtml vue svelte"),
    "xml": ("XML", "xml svg"),
    "css": ("CSS", "css scss less"),
    "java": ("Java", "java"),
    "go": ("Go", "go golang"),
    "rust": ("Rust", "rust rs"),
    "php": ("PHP", "php"),
    "docker": ("Dockerfile", "docker dockerfile"),
    "diff": ("Diff", "diff patch"),
    "lua": ("Lua", "lua"),
    "powershell": ("PowerShell", "powershell ps1 pwsh"),
    "swift": ("Swift", "swift"),
    "ruby": ("Ruby", "ruby rb"),
}  # fmt: skip
"""Lexer -> its own language, and every word behind a fence that it colours."""
_LEXERS = {word: lexer for lexer, (_, words) in _LANGUAGES.items() for word in words.split()}
_NAMES = {
    **{words.split()[0]: called for called, words in _LANGUAGES.values()},
    "py": "Python", "yml": "YAML", "ts": "TypeScript", "typescript": "TypeScript", "tsx": "TSX", "jsx": "JSX", "c": "C",
    "javascript": "JavaScript", "cpp": "C++", "c++": "C++", "csharp": "C#", "cs": "C#", "c#": "C#", "kotlin": "Kotlin",
    "scala": "Scala", "makefile": "Makefile", "make": "Makefile", "ini": "INI", "mermaid": "Mermaid", "rs": "Rust",
    "sh": "Shell", "shell": "Shell", "zsh": "Shell", "console": "Console", "golang": "Go", "rb": "Ruby", "dart": "Dart",
    "dockerfile": "Dockerfile", "ps1": "PowerShell", "kt": "Kotlin", "math": "TeX", "tex": "TeX", "latex": "LaTeX",
}  # fmt: skip
_KINDS = (
    ("Token.Comment", "comment"), ("Token.Keyword", "keyword"), ("Token.Operator.Word", "keyword"),
    ("Token.Literal.String", "string"), ("Token.Literal.Number", "number"), ("Token.Name.Function", "called"),
    ("Token.Name.Class", "called"), ("Token.Name.Tag", "keyword"), ("Token.Name.Attribute", "called"),
    ("Token.Name.Builtin", "called"), ("Token.Name.Decorator", "called"), ("Token.Generic.Deleted", "deleted"),
    ("Token.Generic.Inserted", "inserted"), ("Token.Generic.Heading", "comment"),
)  # fmt: skip
"""Beginning of the name of a token's type -> class of its colour."""

Piece = Callable[[int, int], Markup]
"""HTML of characters `[start, end)` of a block's code."""


def block(source: str, info: str, language: Language, piece: Piece) -> Markup:
    """A block of code with what stands over it; `info` are the words behind its fence, `language` that of the page."""
    word = info.split(maxsplit=1)[0].strip("{}.,").lower() if info.split() else ""
    called = _NAMES.get(word, word[:LONGEST_NAME])
    wrap = tool("code-wrap", "wrap", t("code_wrap", language), size=15)
    copy = tool("code-copy", "copy", t("code_copy", language), size=15)
    shown = html(
        '<div class="code"><div class="code-bar"><span>{}</span>{}{}</div>'
        '<pre tabindex="0"><code>{}</code></pre></div>\n'
    )
    return shown(name(called), wrap, copy, _coloured(source, word, piece))


def _coloured(source: str, word: str, piece: Piece) -> Markup:
    parts: list[Markup] = []
    last = 0
    for (start, end), kind in _colours(source, word):
        parts += [piece(last, start), html('<span class="code-{}">{}</span>')(kind, piece(start, end))]
        last = end
    return joined([*parts, piece(last, len(source))])


@lru_cache(maxsize=256)  # an answer is drawn anew with every few words
def _colours(source: str, word: str) -> tuple[tuple[Span, str], ...]:
    """The spans of a source that have a colour, in order."""
    if word not in _LEXERS or len(source) > LONGEST:
        return ()
    from pygments.lexers import get_lexer_by_name

    found: list[tuple[Span, str]] = []
    for start, of, text in get_lexer_by_name(_LEXERS[word]).get_tokens_unprocessed(source):
        kind = next((kind for begins, kind in _KINDS if str(of).startswith(begins)), "")
        if found and kind == found[-1][1] and start == found[-1][0][1]:
            found[-1] = (found[-1][0][0], start + len(text)), kind
        elif kind and text.strip():
            found.append(((start, start + len(text)), kind))
    return tuple(found)
