"""Route of the script that runs before everything else on the page, as a file: none of our scripts is inline."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .routes import EARLY


def early(script: str) -> Route:
    """Route of the script. Its address names its version, so that browsers may cache it."""

    def answer(request: Request) -> Response:
        return Response(script, media_type="text/javascript", headers={"Cache-Control": "private, max-age=86400"})

    return Route(f"/{EARLY}", answer, methods=["GET"])
