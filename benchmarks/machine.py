"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

INTERESTING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16")
PACKAGES = (
    "torch", "transformers", "sentence-transformers", "tokenizers", "numpy", "onnxruntime", "openvino", "pymilvus",
    "milvus-lite",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Processor, cores, memory, versions and load; nothing that names the host."""
    name, flags = _processor()
    return {
        "processor": name,
        "instructions": [flag for flag in INTERESTING_FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": platform.system(),
        "python": sys.version.split()[0],
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "load_at_start": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "gpu": _gpu(),
    }


def title(machine: dict[str, Any]) -> str:
    """One line that names the machine."""
    flags = ", ".join(machine["instructions"]) or "no vector flags read"
    gpu = f", {machine['gpu']}" if machine["gpu"] else ""
    return f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB ({flags}){gpu}"


def _processor() -> tuple[str, frozenset[str]]:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor() or platform.machine(), frozenset()
    pairs = (line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in pairs}
    model = fields.get("model name", platform.machine())
    return f"{model} (family {fields.get('cpu family')}, model {fields.get('model')})", frozenset(
        fields.get("flags", "").split()
    )


def _memory_gb() -> int | None:
    if "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
