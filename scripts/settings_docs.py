"""Writes the settings table of README and `.env.example` from `rag/settings.py`: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rag.settings import Settings, Spec  # noqa: E402 (run as a script, from any folder)

BEGIN, END = "<!-- settings: written by `make docs` -->", "<!-- end of settings -->"
HEAD = """\
# Copy this file to .env and remove the "# " of what you change. The values shown are the defaults.
# The environment wins over .env. README explains the settings; `make docs` writes this file.
"""


def allowed(spec: Spec) -> str:
    """What a value may be, in a few words; empty for free text."""
    if spec.choices:
        return ", ".join(spec.choices)
    if spec.low is None or spec.high is None:
        return ""
    return f"{spec.low:.12g} to {spec.high:.12g}"


def table(settings: Settings) -> str:
    """The README's table, one row per setting, in the order of the class."""
    defaults = settings.to_env()
    rows = ["| Variable | Default | Allowed | Meaning |", "| --- | --- | --- | --- |"]
    for spec in Settings.SPECS.values():
        default = f"`{defaults[spec.name]}`" if defaults[spec.name] else ""
        rows.append(f"| `{spec.name}` | {default} | {allowed(spec)} | {spec.about} |")
    return "\n".join(rows)


def example(settings: Settings) -> str:
    """The text of `.env.example`."""
    defaults = settings.to_env()
    blocks = [HEAD]
    for spec in Settings.SPECS.values():
        about = f"# {spec.about} ({allowed(spec)})" if allowed(spec) else f"# {spec.about}"
        blocks.append(f"{about}\n# {spec.name}={defaults[spec.name]}\n")
    return "\n".join(blocks)


def with_table(readme: str, settings: Settings) -> str:
    """The README with its settings table renewed. Raises ValueError when the marks are missing."""
    before, mark, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"README.md must hold {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{table(settings)}\n{END}{after}"


def main() -> None:
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), Settings()), encoding="utf-8")
    (ROOT / ".env.example").write_text(example(Settings()), encoding="utf-8")


if __name__ == "__main__":
    main()
