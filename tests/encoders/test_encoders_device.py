import pytest
import torch

from likewise.encoders.transformer.encoder import FALLBACK, device_of, half_precision, memory_left
from likewise.errors import InputError

CPU = torch.device("cpu")


def test_the_device_is_the_fastest_or_the_one_that_is_named():
    assert device_of("cpu") == CPU
    assert device_of(None).type in ("cpu", "cuda", "mps")
    for name in ("nowhere", "meta:x", "cuda:99"):
        with pytest.raises(InputError, match=f"the device '{name}' cannot be used"):
            device_of(name)


@pytest.mark.parametrize(("flags", "half"), [("avx2 avx512f", False), ("avx512_bf16", True), ("amx_bf16 x", True)])
def test_half_precision_is_for_processors_that_have_it(tmp_path, flags, half):
    (tmp_path / "cpuinfo").write_text(f"flags: {flags}\n")
    assert half_precision(CPU, tmp_path / "cpuinfo") == half
    assert not half_precision(CPU, tmp_path / "none")
    assert not half_precision(torch.device("mps"), tmp_path / "cpuinfo")


def test_memory_is_what_machine_and_container_leave(tmp_path):
    info = tmp_path / "meminfo"
    assert memory_left(CPU, info, tmp_path) == FALLBACK
    info.write_text("MemTotal: 100 kB\nMemAvailable:   50 kB\n")
    assert memory_left(CPU, info, tmp_path) == 50 * 1024
    (tmp_path / "memory.max").write_text("30000\n")
    (tmp_path / "memory.current").write_text("10000\n")
    assert memory_left(CPU, info, tmp_path) == 20_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_left(CPU, info, tmp_path) == 50 * 1024
    assert memory_left(CPU) > 0
