"""The page: built from its components and their wiring, and launched safely."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read by Gradio when it is imported

import gradio as gr
from starlette.middleware import Middleware

from ..service import Service
from .layout import ASSETS, Layout, asset, i18n
from .options import clamped
from .originals import route
from .security import Guard, allowed_hosts
from .theme import theme
from .wiring import Wiring


def build_page(service: Service) -> gr.Blocks:
    """The page over `service`. Nothing is started; see `launch_options`."""
    blocks = gr.Blocks(
        title="Plainsight", fill_width=True, fill_height=True, analytics_enabled=False, delete_cache=(3600, 86400)
    )
    with blocks:
        Wiring(Layout(clamped({}, service.settings.retrieval)), service, blocks)
    blocks.queue(max_size=256, default_concurrency_limit=8, api_open=False)
    return blocks


def launch_options(service: Service) -> dict[str, Any]:
    """What `Blocks.launch` must be given for the page to be safe, styled, private and in two languages."""
    settings = service.settings
    hosts = allowed_hosts(settings.host, settings.allowed_hosts.split(","))
    guard = Middleware(Guard, script=asset("js/early.js"), hosts=hosts, user_header=settings.user_header)
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": sorted((ASSETS / "css").glob("*.css")),
        "js": script(),
        "i18n": i18n(),
        "favicon_path": ASSETS / "icons" / "plainsight.svg",
        "app_kwargs": {"middleware": [guard], "routes": [route(service)]},
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


def script() -> str:
    """The page's own script, one function: `page.js`, then every file of `features` with what it offers them."""
    features = "\n".join(
        f"({path.read_text(encoding='utf-8')})(window.plainsight);"
        for path in sorted((ASSETS / "js" / "features").glob("*.js"))
    )
    return f"() => {{\n({asset('js/page.js')})();\n{features}\n}}"
