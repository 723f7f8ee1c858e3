"""Route that serves the original file of a document: as a download whatever it holds, never as a page."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rag.accounts.actor import Actor
from rag.accounts.browser import secret_in
from rag.errors import RagError, StoreError
from rag.messages import text
from rag.service import Service

from ..html.originals import ORIGINAL
from ..http.visitors import user
from ..i18n import language


def route(service: Service) -> Route:
    """Route of the viewer's link. Documents and their files belong to everybody who reaches the page."""

    def original(request: Request) -> Response:
        name, base = (request.query_params.get(key, "") for key in ("name", "base"))
        actor = Actor.of(user(request.scope), secret_in(request.cookies))
        try:
            data = service.documents.original(actor, name, base=base)
        except RagError as e:
            status = 503 if isinstance(e, StoreError) else 404
            return PlainTextResponse(text(e.reason, language(request)), status_code=status)
        return Response(data, media_type="application/octet-stream", headers=_headers(name))

    found = Route(f"/{ORIGINAL}", original)
    found.methods = {"GET"}  # HEAD passes the guard without a user, as it shows nothing: here it would tell a size
    return found


def _headers(name: str) -> dict[str, str]:
    """Headers of a file that is saved under the last part of its name; not shown, not cached, not for other sites.

    The guard in front of the page adds the header that forbids guessing its type.
    """
    saved = quote(PurePosixPath(name).name, safe="")
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{saved}",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
