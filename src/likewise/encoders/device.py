"""Where the model computes, and in what precision, as the machine has it."""

from pathlib import Path
from typing import Any

import torch

from likewise.errors import InputError

__all__ = ["device_of", "half_precision", "memory_left"]

BFLOAT = ("amx_bf16", "avx512_bf16")  # without either, half precision is slower than single on a processor
GIBIBYTE = 1 << 30
FALLBACK = 2 * GIBIBYTE  # where nothing tells how much memory there is
CGROUP = Path("/sys/fs/cgroup")


def device_of(name: str | None) -> torch.device:
    """The device of that name; the fastest there is if None.

    Raises:
        InputError: there is none of that name here.
    """
    if name is None:
        kinds = (("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available))
        return torch.device(next((kind for kind, there in kinds if there()), "cpu"))
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        said = " ".join(str(error).split())[:120]
        raise InputError(
            f"the device {name!r} cannot be used ({said}): expected cpu, or one that torch finds"
        ) from error
    return device


def half_precision(device: torch.device, cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether mixed precision, with products in bfloat16, is faster than single precision.

    Args:
        device: where the model computes.
        cpu: what the system says of its processor.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type != "cpu" or not cpu.exists():
        return False
    return any(flag in cpu.read_text(encoding="utf-8", errors="replace") for flag in BFLOAT)


def memory_left(device: torch.device, meminfo: Path = Path("/proc/meminfo"), cgroup: Path = CGROUP) -> int:
    """Bytes that can still be taken.

    Args:
        device: where the model computes.
        meminfo: what the system says of its memory.
        cgroup: what a container may take of it.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    left = [FALLBACK]
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="utf-8").splitlines() if ":" in line)
        left = [int(lines["MemAvailable"].split()[0]) << 10] if "MemAvailable" in lines else left
    most, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if most is not None and used is not None:
        left.append(max(0, most - used))
    return min(left)


def _number(path: Path) -> int | None:
    try:
        said: Any = path.read_text(encoding="utf-8").strip()
        return int(said)
    except (OSError, ValueError):
        return None
