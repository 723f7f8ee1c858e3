"""What every test gets: an empty home, no hub, no network but loopback (see the pytest settings)."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

_HOME = tempfile.mkdtemp(prefix="plainsight-tests-")
# Before any library reads them: a test must not see the developer's caches, keys or analytics settings.
for _name in [
    n
    for n in os.environ
    if n.startswith(("RAG_", "MILVUS_", "OPENAI_")) and not n.startswith(("MILVUS_TEST_", "RAG_REQUIRE_BROWSER"))
]:
    del os.environ[_name]
os.environ.update(
    HOME=_HOME,
    HF_HOME=f"{_HOME}/hf",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_TEMP_DIR=f"{_HOME}/gradio",
    OMP_NUM_THREADS="1",  # tiny models gain nothing by more, and workers and the pages' own processes share the machine
    OMP_WAIT_POLICY="PASSIVE",
    TOKENIZERS_PARALLELISM="false",
)
if sys.dont_write_bytecode:  # as images have it: each of the processes to come would compile Gradio and PyTorch anew
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from .support import chromium  # noqa: E402
from .support.fixtures_models import (  # noqa: E402,F401 - after the environment is set; fixtures are used by name
    embedder,
    embedding_folder,
    load_embedder,
    load_reranker,
    reranker,
    reranker_folder,
)
from .support.golden import golden, pytest_addoption  # noqa: E402,F401
from .support.milvus_server import milvus_server, tell_skipped  # noqa: E402,F401

# How long an example takes says more of the machine than of us.
settings.register_profile("plainsight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("plainsight"), max_examples=20)  # `make test-fast`
settings.load_profile("plainsight")


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested for want of a program, right above the closing line."""
    chromium.tell_missing(terminalreporter)
    tell_skipped(terminalreporter)


LONGEST = ("store", "browser", "models", "cli", "ui", "documents")
"""Folders whose tests take long: begun first, they leave the short ones to even out the end."""


SLOW = (
    "answering/test_growth.py",
    "browser",
    "store",
    "cli",
    "documents/test_convert.py",
    "documents/test_converted.py",
    "documents/test_growth.py",
    "documents/test_worker.py",
    "evaluation/test_evaluate.py",
    "evidence/test_verify.py",
    "hostile",
    "knowledge/test_jobs.py",
    "models/test_memory.py",
    "models/test_offline_e5.py",
    "models/test_offline_minilm.py",
    "test_app.py",
    "test_build.py",
    "text/reading/test_growth.py",
    "ui/test_events.py",
    "ui/test_limits.py",
    "ui/test_order.py",
    "ui/test_routes.py",
)
"""Folders and files whose tests start programs, servers or pages, load real models, or do everything for every hostile
text: not in `make test-fast`."""


OUTSIDE = ("server", "browser")
"""Marks of tests that wait for a program we did not write, on a machine that may be busy. One that fails is run once
more; its first failure is shown whole at the end, as it may be ours."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marked before pytest chooses by marks."""
    if _slow(item.path):
        item.add_marker(pytest.mark.slow)


@cache
def _slow(path: Path) -> bool:
    return any(path.is_relative_to(Path(__file__).parent / name) for name in SLOW)


@pytest.hookimpl(trylast=True)  # after folders have marked theirs
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In random order, folder by folder."""
    for item in items:
        if any(item.get_closest_marker(name) for name in OUTSIDE):
            item.add_marker(pytest.mark.flaky(reruns=1))
    turn = {folder: number for number, folder in enumerate(LONGEST)}
    items.sort(key=lambda item: turn.get(item.path.parent.name, len(turn)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How tests are dealt out where there are several workers."""
    from .support.dealing import ByFile

    config.option.loadscopereorder = False  # as they come, not the largest file first
    return ByFile(config, log)
