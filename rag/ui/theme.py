"""Colours and fonts of Gradio's own components; those of our HTML are in `assets/css`."""

from __future__ import annotations

from typing import Any

import gradio as gr

SANS = ("Noto Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "system-ui", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")
WHOLE_WEIGHTS = (400, 700)
"""The weights of the bundled IBM Plex fonts that hold all of ASCII; the ones between are broken subsets."""

# variable -> (light, dark)
COLOURS = {
    "body_background_fill": ("#faf9f7", "#121415"),
    "body_text_color": ("#1d1c1a", "#ebe9e4"),
    "body_text_color_subdued": ("#615d57", "#a3a09a"),
    "background_fill_primary": ("#ffffff", "#191c1e"),
    "background_fill_secondary": ("#f4f2ee", "#202426"),
    "border_color_primary": ("#e4e0d9", "#2d3235"),
    "block_background_fill": ("#ffffff", "#191c1e"),
    "block_border_color": ("#e4e0d9", "#2d3235"),
    "block_label_text_color": ("#4b4843", "#b9b6b0"),
    "block_info_text_color": ("#615d57", "#a3a09a"),
    "input_background_fill": ("#ffffff", "#191c1e"),
    "input_border_color": ("#d9d4cc", "#363c40"),
    "input_placeholder_color": ("#6f6a63", "#918e88"),
    "button_primary_background_fill": ("#0f766e", "#2b9c8d"),
    "button_primary_background_fill_hover": ("#115e59", "#34b3a2"),
    "button_primary_text_color": ("#ffffff", "#06201c"),
    "color_accent": ("#0f766e", None),
    "slider_color": ("#0f766e", "#3fb5a4"),
    "link_text_color": ("#0f766e", "#5fd0bf"),
    "checkbox_label_background_fill": ("#f4f2ee", "#202426"),
    "checkbox_label_background_fill_hover": ("#ebe8e2", "#272c2f"),
    "checkbox_label_background_fill_selected": ("#e2f0ed", "#17332f"),
    "checkbox_label_border_color": ("#e4e0d9", "#2d3235"),
    "block_shadow": ("none", "none"),
}


def theme() -> gr.themes.Base:
    """Theme of paper and ink with one accent colour. All fonts come with Gradio: nothing is fetched."""
    plain = gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=WHOLE_WEIGHTS), *SANS],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=WHOLE_WEIGHTS), *MONO],
    )
    chosen: dict[str, Any] = {"input_border_width": "1px"}
    for name, (light, dark) in COLOURS.items():
        chosen[name] = light
        if dark is not None:
            chosen[f"{name}_dark"] = dark
    return plain.set(**chosen)
