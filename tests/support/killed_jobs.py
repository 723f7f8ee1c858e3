"""Jobs that may be killed at any moment: the program of test_jobs, see `tests.support.forking`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

import milvus_lite.server_manager  # noqa: F401 - loaded before the fork; nothing here is connected then
import pymilvus  # noqa: F401

from rag.types import Vectors
from tests.knowledge.test_jobs import Rig, sources

from .fakes import BagEmbedder
from .forking import kill_in, serve, tell
from .knowledge import open_store


class Poisoned(BagEmbedder):
    """Dies with the whole process over a text that holds the word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word

    def embed_documents(self, texts: Iterable[str]) -> Vectors:
        texts = list(texts)
        if self._word and any(self._word in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_documents(texts)


def work_and_die(folder: str, begin: int, files: int | None, seconds: float, poison: str = "") -> None:
    """Begin a job of so many documents, or take up the one that is there, telling every file that is done with.

    Killed `seconds` after so many `files` were; None lets it end, and tries again what was set aside. A text that holds
    the `poison` kills as well.
    """
    store = open_store(Path(folder), BagEmbedder(), {})
    rig = Rig(Path(folder), store, Poisoned(poison))
    if files == 0:
        kill_in(seconds)
    rig.runner.start()
    if begin:
        rig.jobs.add("kb", lambda: sources(begin))
    told: list[str] = []
    ended = False
    while not ended:
        for job in rig.jobs.jobs():
            rig.jobs.wait(job.id, 0.01)
            ended = job.ended
            for name in [file.event.name for file in job.files if file.ended and not file.set_aside][len(told) :]:
                tell(name)
                told.append(name)
                if len(told) == files:
                    kill_in(seconds)
    for job in rig.jobs.jobs() if files is None and not poison else ():
        if again := rig.jobs.retry(job.id):
            rig.jobs.wait(again, 60.0)
    rig.close()
    store.close()


if __name__ == "__main__":
    serve(work_and_die)
