"""Writes `.env.example` from `rag/settings/settings.py`: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rag.settings import Settings  # noqa: E402
from rag.settings.environment import Spec  # noqa: E402 (run as a script, from any folder)

HEAD = """\
# Copy this file to .env and remove the "# " of what you change. The values shown are the defaults.
# The environment wins over .env. The handbook explains when to change what; `make docs` writes this file.
"""


def allowed(spec: Spec) -> str:
    """What a value may be, in a few words; empty for free text."""
    if spec.choices:
        return ", ".join(spec.choices)
    if spec.longest:
        return f"up to {spec.longest} characters"
    if spec.low is None or spec.high is None:
        return ""
    return f"{spec.low:.12g} to {spec.high:.12g}"


def example(settings: Settings) -> str:
    """The text of `.env.example`."""
    defaults = settings.to_env()
    blocks = [HEAD]
    for spec in Settings.SPECS.values():
        about = f"# {spec.about} ({allowed(spec)})" if allowed(spec) else f"# {spec.about}"
        blocks.append(f"{about}\n# {spec.name}={defaults[spec.name]}\n")
    return "\n".join(blocks)


def main() -> None:
    (ROOT / ".env.example").write_text(example(Settings()), encoding="utf-8")


if __name__ == "__main__":
    main()
