"""Jobs that may be killed at any moment: the program of test_jobs, see `tests.forking`."""

from __future__ import annotations

from pathlib import Path

import milvus_lite.server_manager  # noqa: F401 - loaded before the fork; nothing here is connected then
import pymilvus  # noqa: F401

from .fakes import BagEmbedder
from .forking import kill_in, serve, tell
from .knowledge import open_store
from .test_jobs import Rig, sources


def work_and_die(folder: str, begin: int, files: int | None, seconds: float) -> None:
    """Begin a job of so many documents, or take up the one that is there, telling every file that is done with.

    Killed `seconds` after so many `files` were; None lets it end.
    """
    store = open_store(Path(folder), BagEmbedder(), {})
    rig = Rig(Path(folder), store, BagEmbedder())
    if files == 0:
        kill_in(seconds)
    rig.runner.start()
    if begin:
        rig.runner.add("kb", lambda: sources(begin))
    told: list[str] = []
    ended = False
    while not ended:
        for job in rig.runner.jobs():
            rig.runner.wait(job.id, 0.01)
            ended = job.ended
            for name in [file.event.name for file in job.files if file.ended][len(told) :]:
                tell(name)
                told.append(name)
                if len(told) == files:
                    kill_in(seconds)
    rig.close()
    store.close()


if __name__ == "__main__":
    serve(work_and_die)
