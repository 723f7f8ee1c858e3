"""Lists of the page's own files in `assets`, in the order in which they count, and functions that join them."""

from __future__ import annotations

import json

from rag import ASSETS

from .i18n import for_script

STYLES = (
    "shell/base",
    "answer/chat",
    "answer/code",
    "evidence/evidence",
    "shell/pages",
    "shell/small",
    "shell/sheet",
    "evidence/record",
    "answer/checks",
    "evidence/flow",
    "library/indexes",
    "library/library",
    "shell/model",
    "answer/query",
    "answer/steps",
    "answer/beside",
    "answer/chart",
    "answer/timeline",
    "answer/refusal",
    "library/rowmenu",
    "shell/talks",
    "evidence/whatif",
    "shell/refused",
    "evidence/saving",
    "reading/viewer",
    "evidence/panel",
)
"""Files of `assets/css`. Of two rules of equal weight the later wins: features follow the page they stand on."""
STYLE_PATHS = tuple(ASSETS / "css" / f"{name}.css" for name in STYLES)

EARLY = "shell/early"
PAGE = "shell/page"
BUS = "shell/bus"
FEATURES = (
    "shell/addresses",
    "shell/attaching",
    "shell/composer",
    "shell/keys",
    "answer/checks",
    "answer/code",
    "answer/displays",
    "answer/forks",
    "evidence/flow",
    "evidence/panel",
    "library/indexes",
    "library/library",
    "shell/model",
    "shell/noticing",
    "shell/scrolling",
    "library/picking",
    "answer/query",
    "library/rowmenu",
    "evidence/saving",
    "shell/talks",
    "reading/viewer",
    "evidence/whatif",
)
"""Files of `assets/js`. Each is a function that takes the page's tools; listeners are called in this order."""


def source(name: str) -> str:
    """Return the text of a script of `assets/js`."""
    return (ASSETS / "js" / f"{name}.js").read_text(encoding="utf-8")


def early() -> str:
    """Script that runs before all others: a function called with the facts and words it needs of every language."""
    return f"({source(EARLY).rstrip()})({json.dumps(for_script(), ensure_ascii=False)});\n"


def script() -> str:
    """The page's own script as one function: the page, then every feature, called with the page's tools."""
    features = "\n".join(f"({source(name)})(window.plainsight);" for name in FEATURES)
    return f"() => {{\n({source(PAGE)})();\n{features}\n}}"
