"""Device, threads and turns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from rag.errors import SettingsError
from rag.messages import reason
from rag.models.device import (
    DeviceLock,
    available_devices,
    choose_placement,
    limit_threads,
    physical_cores,
    prepare_environment,
    spare_cores,
)


def test_libraries_of_the_converters_note_nothing_about_the_machine(tmp_path: Path) -> None:
    environ = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    prepare_environment(environ)
    subprocess.run([sys.executable, "-c", "import markitdown"], env=environ, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_environment_is_made_calm_but_the_user_has_the_last_word() -> None:
    environ = {"OMP_WAIT_POLICY": "ACTIVE"}
    prepare_environment(environ)
    assert environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_the_module_can_be_imported_before_torch() -> None:
    script = "import sys, rag.models.device; sys.exit(any(m in sys.modules for m in ('torch', 'huggingface_hub')))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_cpu_computes_in_float32() -> None:
    placement = choose_placement(device="cpu", threads=3)
    assert (placement.device, placement.dtype, placement.threads) == ("cpu", "float32", 3)
    assert placement.batch_rows is not None


def test_auto_takes_the_best_device_there_is() -> None:
    assert choose_placement().device == available_devices()[0]
    assert available_devices()[-1] == "cpu"


def test_a_device_that_is_not_there_is_named_with_its_setting() -> None:
    absent = next(device for device in ("mps", "cuda") if device not in available_devices())
    with pytest.raises(SettingsError) as refused:
        choose_placement(device=absent)
    assert refused.value.reason == reason("models.device", value=absent, available=", ".join(available_devices()))
    assert "RAG_DEVICE" in str(refused.value)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 2), (16, 15)])
def test_one_core_is_left_to_the_page_where_there_are_more_than_two(cores: int, threads: int) -> None:
    assert spare_cores(cores) == threads


def machine(root: Path, *, siblings: dict[int, str], quota: str = "") -> Path:
    """A file system that describes a machine."""
    for cpu, shared in siblings.items():
        folder = root / f"sys/devices/system/cpu/cpu{cpu}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{shared}\n")
    if quota:
        (root / "sys/fs/cgroup").mkdir(parents=True)
        (root / "sys/fs/cgroup/cpu.max").write_text(f"{quota}\n")
    return root


@pytest.mark.parametrize(
    ("quota", "cores"), [("", 1), ("max 100000", 1), ("50000 100000", 1)], ids=["no limit file", "no limit", "half"]
)
def test_threads_of_one_core_count_once(tmp_path: Path, quota: str, cores: int) -> None:
    shared = dict.fromkeys(range(512), "0-511")
    assert physical_cores(machine(tmp_path, siblings=shared, quota=quota)) == cores


def test_a_container_limit_is_respected(tmp_path: Path) -> None:
    own = {cpu: str(cpu) for cpu in range(512)}
    free = physical_cores(machine(tmp_path / "free", siblings=own))
    limited = physical_cores(machine(tmp_path / "limited", siblings=own, quota="100000 100000"))
    assert limited == 1 <= free == physical_cores(tmp_path / "unknown")


def test_torch_takes_the_number_of_threads() -> None:
    import torch

    before = torch.get_num_threads()
    limit_threads(before + 1)
    assert torch.get_num_threads() == before + 1
    limit_threads(before)


def test_a_question_goes_before_waiting_documents_and_equals_in_order() -> None:
    lock, order = DeviceLock(), list[str]()

    def work(name: str, urgent: bool) -> None:
        with lock.turn(urgent=urgent):
            order.append(name)

    threads = []
    with lock:
        for count, (name, urgent) in enumerate([("a", False), ("b", False), ("c", True), ("d", True)], start=1):
            threads.append(Thread(target=work, args=(name, urgent)))
            threads[-1].start()
            while lock.waiting < count:
                Event().wait(0.001)
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == ["c", "d", "a", "b"]


def test_an_error_ends_the_turn() -> None:
    lock = DeviceLock()
    with pytest.raises(ValueError, match="broken"), lock.turn(urgent=False):
        raise ValueError("broken")
    with lock.turn(urgent=True):
        assert lock.waiting == 0
