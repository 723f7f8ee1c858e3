"""The routes of the page: every address it needs, with methods and parameters. All other addresses are closed.

Gradio has many more: to fetch foreign addresses, to hand out files by path, to call functions by name, to cancel what
others run, for recordings, profiles and its own editor. None of them is needed, and a new version may bring others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from ..html.originals import ORIGINAL
from .asgi import Scope

API_PREFIX = "/gradio_api"
STARTING = f"{API_PREFIX}/startup-events"
"""Path that Gradio itself requests before the page is announced; its answer holds nothing of anybody."""
ROUTE = "plainsight.route"
"""Key in a request's scope of the route by which the guard let it in. No client can write there."""
EARLY = "early.js"
"""The path of the script that runs before everything else."""

DEEPEST = 64
"""Most parts of a document's name in the address of a page."""
FILE = r"(/(?!\.)[A-Za-z0-9_.-]+)+"
"""The path of a file that Gradio brings along; no part of it begins with a dot."""


class BodyKind(Enum):
    """Kind of content in the body of a request."""

    NOTHING = auto()
    CALL = auto()
    FILES = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """One address, as a pattern of the whole path. `query` names the parameters that are passed on."""

    path: str
    methods: tuple[str, ...] = ("GET",)
    query: tuple[str, ...] = ()
    sent: BodyKind = BodyKind.NOTHING
    streams: bool = False
    """True if its answer is a stream that lasts as long as somebody listens."""
    page: bool = False
    """True if the page itself answers, which finds its place by its address."""

    def fits(self, path: str) -> bool:
        return re.fullmatch(self.path, path) is not None


ROUTES = (
    Route("/", ("GET", "HEAD")),  # HEAD: is it up? Asked by Gradio at the start, and by the container's health check
    Route("/c/[0-9a-f]{32}", page=True),
    Route("/documents|/settings", page=True),
    Route(rf"/documents(/[^/\x00-\x1f\x7f]*){{1,{DEEPEST}}}", page=True),  # that of a document, which the page opens
    Route(f"/{re.escape(EARLY)}"),
    Route(f"/{ORIGINAL}", query=("name", "base")),
    Route("/theme.css"),
    Route("/favicon.ico"),
    Route(f"/assets{FILE}"),
    Route(f"/static{FILE}"),
    Route(STARTING),
    Route(f"{API_PREFIX}/run/predict", ("POST",), sent=BodyKind.CALL),
    Route(f"{API_PREFIX}/queue/join", ("POST",), sent=BodyKind.CALL),
    Route(f"{API_PREFIX}/queue/data", query=("session_hash",), streams=True),
    Route(f"{API_PREFIX}/upload", ("POST",), query=("upload_id",), sent=BodyKind.FILES),
    Route(f"{API_PREFIX}/upload_progress", query=("upload_id",), streams=True),
)


NO_ROUTE = Route("")


def route_at(path: str) -> Route | None:
    """The route at a path, percent-decoded once and below the root path; None where there is none."""
    return next((each for each in ROUTES if each.fits(path)), None)


def route_of(scope: Scope) -> Route:
    """The route of a request that the guard let in; `NO_ROUTE` for anything else, such as the server's own start."""
    found: Route = scope.get(ROUTE, NO_ROUTE)
    return found


def page_at_top(scope: Scope, root: str) -> Scope:
    """A request for an address of the page as one for the page itself."""
    path = scope["path"]
    top = f"{path.removesuffix(below(root, path))}/"
    return {**scope, "path": top, "raw_path": top.encode()}


def way_up(scope: Scope, root: str) -> str:
    """The way from an address of the page up to the page itself, as the browser follows it: by what was sent, in which
    a slash of a document's name may be written as no slash."""
    sent = scope.get("raw_path") or scope["path"].encode()
    above = root.count("/") if below(root, scope["path"]) != scope["path"] else 0
    return "../" * (sent.count(b"/") - 1 - above) or "./"


def below(root: str, path: str) -> str:
    """The path below the root path, which the proxy may have removed already."""
    return path.removeprefix(root) or "/" if root and (path == root or path.startswith(f"{root}/")) else path
