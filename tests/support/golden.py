"""Golden files: what a pure function made, kept to be read in a diff. `--update-golden` writes them anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import DATA

FOLDER = DATA / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Re-exported by conftest."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; read the diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` asserts that `text` is what the file `name` holds."""
    update = bool(request.config.getoption("--update-golden", default=False))

    def check(name: str, text: str) -> None:
        path = FOLDER / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{name} is missing: run pytest with --update-golden and read the new file"
        assert text == path.read_text(encoding="utf-8")

    return check
