"""The doors of the page: every address it needs, with the method and the parameters. Whatever is not here is closed.

Gradio has many more: to fetch foreign addresses, to hand out files by path, to call functions by name, to cancel what
others run, for recordings, profiles and its own editor. None of them is needed, and a new version may bring others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from ..html.originals import ORIGINAL

API_PREFIX = "/gradio_api"
STARTING = f"{API_PREFIX}/startup-events"
"""What Gradio itself asks for before the page is announced; it answers nothing of anybody."""
EARLY = "early.js"
"""The path of the script that runs before everything else."""

FILE = r"(/(?!\.)[A-Za-z0-9_.-]+)+"
"""The path of a file that Gradio brings along; no part of it begins with a dot."""


class BodyKind(Enum):
    """What the body of a request holds."""

    NOTHING = auto()
    CALL = auto()
    FILES = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """One address, as a pattern of the whole path. `query` names the parameters that are let through."""

    path: str
    methods: tuple[str, ...] = ("GET",)
    query: tuple[str, ...] = ()
    sent: BodyKind = BodyKind.NOTHING

    def fits(self, path: str) -> bool:
        return re.fullmatch(self.path, path) is not None


DOORS = (
    Route("/", ("GET", "HEAD")),  # HEAD: is it up? Asked by Gradio at the start, and by the container's health check
    Route(f"/{re.escape(EARLY)}"),
    Route(f"/{ORIGINAL}", query=("name", "base")),
    Route("/theme.css"),
    Route("/favicon.ico"),
    Route(f"/assets{FILE}"),
    Route(f"/static{FILE}"),
    Route(STARTING),
    Route(f"{API_PREFIX}/run/predict", ("POST",), sent=BodyKind.CALL),
    Route(f"{API_PREFIX}/queue/join", ("POST",), sent=BodyKind.CALL),
    Route(f"{API_PREFIX}/queue/data", query=("session_hash",)),
    Route(f"{API_PREFIX}/upload", ("POST",), query=("upload_id",), sent=BodyKind.FILES),
    Route(f"{API_PREFIX}/upload_progress", query=("upload_id",)),
)


def door(path: str) -> Route | None:
    """The door at a path, percent-decoded once and below the root path; None where there is none."""
    return next((each for each in DOORS if each.fits(path)), None)


def below(root: str, path: str) -> str:
    """A path as it is below the root path, whether the proxy has taken that off or not."""
    return path.removeprefix(root) or "/" if root and (path == root or path.startswith(f"{root}/")) else path
