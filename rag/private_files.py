"""Folders and files that only their owner may look into: conversations and documents are private."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = 0o700
FILE = 0o600


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone. One that is there stays as it is."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        with contextlib.suppress(FileExistsError):
            missing.mkdir(mode=FOLDER)
    folder.mkdir(exist_ok=True)  # says so where a file is in the way


def private_file(path: Path) -> None:
    """Make an empty file for the owner alone. One that is there stays as it is."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))


def tighten(folder: Path) -> None:
    """Close a folder to others where it is ours and open to them, as one made by an older version is."""
    try:
        found = folder.stat()
        loose = stat.S_IMODE(found.st_mode) & ~FOLDER
        if loose and hasattr(os, "getuid") and found.st_uid == os.getuid():
            folder.chmod(FOLDER)
            log.info("the data folder %s was open to other users of this machine; now it is its owner's alone", folder)
    except OSError as e:
        if folder.exists():
            log.warning("the data folder %s cannot be closed to other users of this machine (%s)", folder, e)
