"""The page: which components there are, and which handler hears which event. Appearance is `assets/css`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read by Gradio when it is imported

import gradio as gr
from starlette.middleware import Middleware

from ..service import Service
from ..types import Mode, RetrievalOptions
from .handlers import Handlers
from .i18n import translations
from .options import MAX_CANDIDATES, MAX_CONTEXTS, MAX_INSTRUCTION, NAMES, clamped, packed
from .render import shell, transcript
from .security import Guard, allowed_hosts
from .session import Sessions
from .theme import theme
from .uploads import Uploads
from .views import Chat, Ingesting, Views

ASSETS = Path(__file__).parent.parent.parent / "assets"
ANSWERS_AT_ONCE = 32
"""Pages that may follow an answer at the same time; the models have their own locks."""
PIECES = {
    "html_header": shell.header,
    "html_hint": shell.hint,
    "html_documents": shell.documents_head,
    "html_settings": shell.settings_head,
    "html_empty": lambda language: transcript.empty(language, documents=None),
}


def build_page(service: Service) -> gr.Blocks:
    """The page over `service`. Nothing is started; see `launch_options`."""
    return _Page(service).build()


def launch_options(service: Service) -> dict[str, Any]:
    """What `Blocks.launch` must be given for the page to be safe, styled, private and in two languages."""
    settings = service.settings
    hosts = allowed_hosts(settings.host, settings.allowed_hosts.split(","))
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": sorted((ASSETS / "css").glob("*.css")),
        "js": (ASSETS / "js" / "page.js").read_text(encoding="utf-8"),
        "i18n": _i18n(),
        "favicon_path": ASSETS / "icons" / "plainsight.svg",
        "app_kwargs": {"middleware": [Middleware(Guard, script=_asset("js/early.js"), hosts=hosts)]},
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


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _i18n() -> gr.I18n:
    return gr.I18n(**translations(PIECES))


class _Page:
    """Lays out the components, then wires them; one instance builds one page."""

    def __init__(self, service: Service) -> None:
        sessions, views = Sessions(), Views(service)
        self.handlers = Handlers(service, sessions, views)
        self.uploads = Uploads(service, sessions, views)
        self.defaults: RetrievalOptions = clamped({}, service.settings.retrieval)
        self.i18n = _i18n()

    def build(self) -> gr.Blocks:
        blocks = gr.Blocks(
            title="Plainsight", fill_width=True, fill_height=True, analytics_enabled=False, delete_cache=(3600, 86400)
        )
        with blocks:
            self._layout()
            self._wire(blocks)
        blocks.queue(max_size=256, default_concurrency_limit=8, api_open=False)
        return blocks

    # ---- layout -----------------------------------------------------------------------------------------------------

    def _layout(self) -> None:
        self.tab = gr.Textbox(visible="hidden", elem_id="tab-id", show_label=False)
        self.download = gr.Textbox(visible="hidden", elem_id="download", show_label=False)
        self.prefs = gr.BrowserState({}, storage_key="plainsight.settings", secret="plainsight")
        self.timer = gr.Timer(1.0)
        self.bus = self._html("", "bus", js=_asset("js/bus.js"))
        self._html(self.i18n("html_header"), "header")
        self.pill = self._html("", "status")
        with gr.Tabs(elem_id="nav"):
            with gr.Tab(self.i18n("tab_chat"), id="chat", elem_id="tab-chat"):
                self._chat()
            with gr.Tab(self.i18n("tab_documents"), id="documents", elem_id="tab-documents"):
                self._documents()
            with gr.Tab(self.i18n("tab_settings"), id="settings", elem_id="tab-settings"):
                self._settings()

    def _html(self, value: Any, elem_id: str, *, js: str | None = None) -> gr.HTML:
        """HTML that tells the page's script when it was redrawn. The value must be escaped already."""
        told = "const tell = () => window.plainsight?.redrawn?.(element); watch('value', tell); tell();"
        return gr.HTML(value, elem_id=elem_id, apply_default_css=False, padding=False, js_on_load=js or told)

    def _chat(self) -> None:
        with gr.Row(elem_id="chat-page"):
            with gr.Column(elem_id="conversation"):
                with gr.Column(elem_id="log"):
                    self.history = self._html("", "history")
                    self.live = self._html(self.i18n("html_empty"), "live")
                with gr.Column(elem_id="composer-area"):
                    self._composer()
            with gr.Column(elem_id="side"):
                self.evidence = self._html("", "evidence")

    def _composer(self) -> None:
        self.banner = self._html("", "banner")
        self.box = gr.Textbox(
            elem_id="composer",
            label=self.i18n("question"),
            show_label=False,
            container=False,
            lines=1,
            max_lines=7,
            submit_btn=True,
            stop_btn=False,
            placeholder=self.i18n("ask"),
            html_attributes=gr.InputHTMLAttributes(enterkeyhint="send", autocomplete="off"),
        )
        with gr.Row(elem_id="composer-foot"):
            self._html(self.i18n("html_hint"), "hint")
            self.new_chat = gr.Button(self.i18n("new_chat"), elem_id="new-chat", size="sm", scale=0, min_width=0)
            self.export = gr.Button(self.i18n("export"), elem_id="export", size="sm", scale=0, min_width=0)

    def _documents(self) -> None:
        with gr.Column(elem_id="documents-page"):
            self._html(self.i18n("html_documents"), "documents-head")
            self.files = gr.File(
                elem_id="drop", label=self.i18n("drop"), file_count="multiple", file_types=None, height=160
            )
            self.progress = self._html("", "progress")
            self.table = self._html("", "document-table")
            self.viewer = self._html("", "viewer")

    def _settings(self) -> None:
        label, start = self.i18n, self.defaults
        with gr.Column(elem_id="settings-page"):
            self._html(label("html_settings"), "settings-head")
            with gr.Group(elem_classes="settings-card"):
                modes = [(label(f"mode_{mode}"), str(mode)) for mode in (Mode.HYBRID, Mode.DENSE, Mode.FULL_TEXT)]
                mode = gr.Radio(
                    modes, value=str(start.mode), label=label("mode"), info=label("mode_about"), elem_id="mode"
                )
                candidates = gr.Slider(
                    1, MAX_CANDIDATES, start.candidates, step=1, label=label("candidates"),
                    info=label("candidates_about"), elem_id="candidates",
                )  # fmt: skip
                rerank = gr.Checkbox(start.rerank, label=label("rerank"), info=label("rerank_about"), elem_id="rerank")
                contexts = gr.Slider(
                    1, MAX_CONTEXTS, start.contexts, step=1, label=label("contexts"), info=label("contexts_about"),
                    elem_id="contexts",
                )  # fmt: skip
                threshold = gr.Slider(
                    0, 1, start.threshold, step=0.01, label=label("threshold"), info=label("threshold_about"),
                    elem_id="threshold",
                )  # fmt: skip
                instruction = gr.Textbox(
                    start.instruction, lines=2, max_lines=6, max_length=MAX_INSTRUCTION, label=label("instruction"),
                    info=label("instruction_about"), elem_id="instruction",
                )  # fmt: skip
            self.reset = gr.Button(label("reset"), elem_id="reset", size="sm", scale=0)
            self.models = self._html("", "models")
        self.options: list[Any] = [mode, candidates, contexts, threshold, instruction, rerank]

    # ---- wiring -----------------------------------------------------------------------------------------------------

    def _wire(self, blocks: gr.Blocks) -> None:
        self.quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        self.direct: dict[str, Any] = {**self.quiet, "queue": False}
        # only a queued call can show a message at the page's edge
        self.told: dict[str, Any] = {**self.quiet, "concurrency_limit": None}
        self.chat = list(Chat(self.history, self.live, self.evidence, self.box, self.banner))
        self.ingesting = list(Ingesting(self.progress, self.table, self.live))
        self._wire_opening(blocks)
        self._wire_chat()
        self._wire_documents()
        self._wire_settings(blocks)

    def _wire_opening(self, blocks: gr.Blocks) -> None:
        h = self.handlers
        shown = [self.tab, *self.chat, self.progress, self.table, self.pill, self.models]
        opened = blocks.load(h.open, [self.tab], shown, js="() => [window.plainsight.tab()]", **self.direct)
        self._followed(opened)
        self._ingest_followed(opened)
        self.timer.tick(h.status, [self.pill], [self.pill, self.models, self.timer], **self.direct)

    def _followed(self, started: Any) -> None:
        """After `started` has put a question, show its answer as it comes."""
        started.success(
            self.handlers.follow, [self.tab], self.chat, concurrency_limit=ANSWERS_AT_ONCE, concurrency_id="answers",
            **self.quiet,
        )  # fmt: skip

    def _ingest_followed(self, started: Any) -> None:
        started.success(
            self.uploads.follow_ingest, [self.tab], self.ingesting, concurrency_limit=ANSWERS_AT_ONCE,
            concurrency_id="ingests", **self.quiet,
        )  # fmt: skip

    def _wire_chat(self) -> None:
        h, bus, asked = self.handlers, self.bus, [self.tab, *self.options]
        self._followed(self.box.submit(h.ask, [self.box, *asked], self.chat, **self.told))
        self._followed(bus.example(h.example, asked, self.chat, **self.told))
        self._followed(bus.retry(h.retry, asked, self.chat, **self.told))
        self.box.stop(h.stop, [self.tab], None, **self.told)
        bus.edit(h.edit, [self.tab], self.chat, **self.told)
        bus.cancel_edit(h.cancel_edit, [self.tab], self.chat, **self.told)
        bus.evidence(h.show_evidence, [self.tab], [self.evidence], **self.told)
        self.new_chat.click(h.new_chat, [self.tab], self.chat, **self.told)
        exported = self.export.click(h.export, [self.tab], [self.download], **self.told)
        exported.success(None, [self.download], None, js="text => window.plainsight.download(text)", **self.direct)

    def _wire_documents(self) -> None:
        h, bus = self.uploads, self.bus
        self._ingest_followed(
            self.files.upload(h.ingest, [self.files, self.tab], [self.files, *self.ingesting], **self.told)
        )
        self._ingest_followed(bus.sample(h.sample, [self.tab], self.ingesting, **self.told))
        bus.cancel_ingest(h.cancel_ingest, [self.tab], None, **self.told)
        bus.delete(h.delete, None, [self.table, self.viewer], **self.told)
        bus.chunks(h.chunks, None, [self.viewer], **self.told)
        bus.close_chunks(lambda: "", None, [self.viewer], **self.direct)

    def _wire_settings(self, blocks: gr.Blocks) -> None:
        def restore(kept: Any) -> list[Any]:
            return list(packed(clamped(kept if isinstance(kept, dict) else {}, self.defaults)).values())

        def keep(*values: Any) -> dict[str, Any]:
            return packed(clamped(dict(zip(NAMES, values, strict=False)), self.defaults))

        def reset() -> list[Any]:
            return [{}, *packed(self.defaults).values()]

        blocks.load(restore, [self.prefs], self.options, **self.direct)
        mode, candidates, contexts, threshold, instruction, rerank = self.options
        changes = [mode.input, candidates.release, contexts.release, threshold.release, instruction.blur, rerank.input]
        changes += [candidates.input, contexts.input, threshold.input]
        gr.on(changes, keep, self.options, [self.prefs], **self.direct)
        self.reset.click(reset, None, [self.prefs, *self.options], **self.direct)
