"""Builds the page from its components and their wiring, and holds the options to launch it safely."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read by Gradio when it is imported
os.environ["FORWARDED_ALLOW_IPS"] = ""  # read by its server, which believes every proxy on this machine by itself

import gradio as gr
from fastapi import FastAPI
from gradio.route_utils import CustomCORSMiddleware
from starlette.middleware import Middleware

from rag import ASSETS
from rag.settings import addresses

from ..service import Service
from ..settings import Settings
from . import assets
from .blocks import Page
from .events import Events
from .handlers.originals_route import route
from .http.calls import Calls
from .http.connections import Bounds, Connections, files_allowed
from .http.early_script import early
from .http.guard import Guard
from .http.hosts import Proxies
from .http.limits import Limits
from .http.quota import MEGABYTE, Allowance, Quota
from .http.streams import Streams
from .http.upload_folder import uploads
from .http.uploaded_paths import UploadedPaths
from .http.uploads import MeteredUploads
from .layout import Layout, i18n
from .state.session import Sessions
from .theme import theme
from .wiring import Wiring, names

MOST_CALLS = 256
"""Most calls of the page at the same time; those that follow an answer or a job hold no thread."""


def build_page(service: Service) -> gr.Blocks:
    """Build the page over `service`. Nothing is started; see `launch_options`."""
    settings = service.settings
    proxies = Proxies(addresses.networks("RAG_TRUSTED_PROXIES", settings.trusted_proxies))
    blocks = Page(
        Connections(_bounds(settings), shared=proxies.trusts),
        title="Plainsight",
        fill_width=True,
        fill_height=True,
        analytics_enabled=False,
        delete_cache=(3600, 86400),
    )
    with blocks:
        layout, sessions = Layout(settings.retrieval), Sessions()
        events = list(Events(layout, service, sessions, blocks).all())
        Wiring(blocks, layout.bus(names(events)), layout.tab, sessions).connect(events)
    blocks.queue(max_size=256, default_concurrency_limit=8, api_open=False)
    return blocks


def launch_options(service: Service) -> dict[str, Any]:
    """Arguments of `Blocks.launch` that make the page safe, styled, private and available in every language."""
    settings = service.settings
    first = assets.early()
    root = addresses.root_path("RAG_ROOT_PATH", settings.root_path)
    guard = Middleware(
        Guard,
        script=first,
        bound=settings.host,
        named=settings.allowed_hosts.split(","),
        proxies=addresses.networks("RAG_TRUSTED_PROXIES", settings.trusted_proxies),
        root=root,
        user_header=settings.user_header,
    )
    uploaded = UploadedPaths()
    behind = [
        Middleware(Limits, each=_bounds(settings).each),
        Middleware(MeteredUploads, quota=_quota(settings), uploaded=uploaded),
        Middleware(Calls, uploaded=uploaded, files=settings.max_files),
        Middleware(Streams),
    ]
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": list(assets.STYLE_PATHS),
        "js": assets.script(),
        "i18n": i18n(),
        "favicon_path": ASSETS / "icons" / "plainsight.svg",
        "root_path": root,
        "app_kwargs": {
            "middleware": [guard, *behind],
            "routes": [route(service), early(first)],
            "lifespan": _unshared,
        },
        "max_threads": MOST_CALLS,
        "max_file_size": f"{int(max(settings.max_total_mb, settings.max_file_mb)) + 1}mb",
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "pwa": False,
        "ssr_mode": False,
        "mcp_server": False,
        "show_error": False,
    }


@asynccontextmanager
async def _unshared(app: FastAPI) -> AsyncIterator[None]:
    """Remove the CORS middleware that Gradio puts before the guard: it answers pages of other sites and ports."""
    cors: object = CustomCORSMiddleware
    app.user_middleware = [each for each in app.user_middleware if each.cls is not cors]
    app.middleware_stack = app.build_middleware_stack()
    yield


def _bounds(settings: Settings) -> Bounds:
    return Bounds.of(settings.connections_per_address, files_allowed())


def _quota(settings: Settings) -> Quota:
    allowance = Allowance(int(settings.upload_mb_per_hour * MEGABYTE), settings.upload_files_per_hour)
    return Quota(allowance, free=_free, reserve=int(settings.disk_reserve_mb * MEGABYTE))


def _free() -> int:
    """Free bytes of the disk that holds the uploads."""
    folder = uploads(os.environ)
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free
