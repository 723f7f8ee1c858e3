"""The components of the page and their places. Their appearance is in `assets/css`, their events in `events`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import escape

from ..options import OptionKind, RetrievalOption, SetBy, of
from ..types import RetrievalOptions
from . import assets
from .html import shell
from .html.answer import transcript
from .i18n import translations
from .state.options import standing

PIECES = {
    "html_header": shell.header,
    "html_hint": shell.hint,
    "html_documents": shell.documents_head,
    "html_settings": shell.settings_head,
    "html_empty": lambda language: transcript.empty(language, documents=None),
}


def i18n() -> gr.I18n:
    """The page's fixed strings and pieces, in the reader's language."""
    return gr.I18n(**translations(PIECES))


class Layout:
    """Builds the components inside the `gr.Blocks` that is open."""

    def __init__(self, defaults: RetrievalOptions) -> None:
        self.defaults = defaults
        self.i18n = i18n()
        self.options: list[Any] = []
        self._build()

    def _build(self) -> None:
        self.tab = gr.Textbox(visible="hidden", elem_id="tab-id", show_label=False)
        self.addressed = gr.Textbox(visible="hidden", elem_id="addressed-id", show_label=False)
        self.talk = gr.Textbox(visible="hidden", elem_id="talk-id", show_label=False)
        self.download = gr.Textbox(visible="hidden", elem_id="download", show_label=False)
        self.attached = gr.File(visible="hidden", elem_id="attach", show_label=False, file_count="multiple")
        self.prefs = gr.BrowserState({}, storage_key="plainsight.settings", secret="plainsight")
        self.standing = gr.JSON(standing(self.defaults, {}), visible="hidden")
        self.timer = gr.Timer(1.0)
        self._html(self.i18n("html_header"), "header")
        self.pill = self._html("", "status")
        with gr.Tabs(elem_id="nav"):
            with gr.Tab(self.i18n("tab_chat"), id="chat", elem_id="tab-chat"):
                self._chat()
            with gr.Tab(self.i18n("tab_documents"), id="documents", elem_id="tab-documents") as self.documents_tab:
                self._documents()
            with gr.Tab(self.i18n("tab_settings"), id="settings", elem_id="tab-settings") as self.settings_tab:
                self._settings()
        self.sheet = self._html("", "sheet")
        self.preview = self._html("", "preview")
        self.found = self._html("", "found")
        self.news = self._html("", "news")

    def bus(self, events: Sequence[str]) -> Any:
        """Component for the events of the page's script. Gradio finds their names in quotes in the browser's code."""
        return self._html("", "bus", js=f"const events = {json.dumps(events)};\n{assets.source(assets.BUS)}")

    def _html(self, value: Any, elem_id: str, *, js: str | None = None) -> Any:
        """HTML component that tells the page's script when it was redrawn. It is given `Markup` alone."""
        told = "const tell = () => window.plainsight?.redrawn?.(element); watch('value', tell); tell();"
        made = gr.HTML(value, elem_id=elem_id, apply_default_css=False, padding=False, js_on_load=js or told)
        made.postprocess = known_safe  # type: ignore[method-assign]  # Gradio writes a file for every subclass
        return made

    def _chat(self) -> None:
        with gr.Row(elem_id="chat-page"):
            with gr.Column(elem_id="talks-side"):
                self.talks = self._html("", "talks")
            with gr.Column(elem_id="conversation"):
                with gr.Column(elem_id="log"):
                    self.history = self._html("", "history")
                    self.live = self._html(self.i18n("html_empty"), "live")
                with gr.Column(elem_id="composer-area"):
                    self._composer()
            with gr.Column(elem_id="side"):
                self.evidence = self._html("", "evidence")

    def _composer(self) -> None:
        self.scope = self._html("", "scope")
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
            self.index_notice = self._html("", "index-notice")
            self.progress = self._html("", "progress")
            with gr.Column(elem_id="documents-card"):
                self.tools = self._html("", "document-tools")
                self.table = self._html("", "document-table")

    def _settings(self) -> None:
        label = self.i18n
        with gr.Column(elem_id="settings-page"):
            self._html(label("html_settings"), "settings-head")
            with gr.Group(elem_classes="settings-card"):
                self.options = [self._option(option) for option in of(by=SetBy.READER)]
            self.reset = gr.Button(label("reset"), elem_id="reset", size="sm", scale=0)
            self.origins = self._html("", "origins")
            self.language_model = self._html("", "language-model")
            self.model_result = self._html("", "model-result")
            self.models = self._html("", "models")

    def _option(self, option: RetrievalOption) -> Any:
        """The control of one retrieval option, set to its default."""
        key, value = option.name, option.of(self.defaults)
        words: dict[str, Any] = {"label": self.i18n(key), "info": self.i18n(f"{key}_about"), "elem_id": key}
        if option.kind is OptionKind.CHOICE:
            choices = [(self.i18n(f"{key}_{choice}"), choice) for choice in option.choices]
            return gr.Radio(choices, value=str(value), **words)
        if option.kind is OptionKind.SWITCH:
            return gr.Checkbox(value, **words)
        if option.kind is OptionKind.TEXT:
            return gr.Textbox(value, lines=2, max_lines=6, max_length=int(option.high), **words)
        return gr.Slider(option.low, option.high, value, step=option.step, **words)


def known_safe(value: str | None) -> str | None:
    """What an HTML component shows. Raises TypeError for a text that would have to be escaped."""
    if value is not None and value != escape(value):
        raise TypeError(f"not known to be escaped: {value[:100]!r}")
    return None if value is None else str(value)
