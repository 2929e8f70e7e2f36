"""A training run at rest: everything the rest of it depends on, in one file that is there whole or not at all."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from likewise.atomic import replacing_file
from likewise.errors import LikewiseError

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    Attributes:
        arrays: the encoder's state, and its best state so far under names that begin with `best.`.
        position: plain JSON values: the step, the scores so far.
    """

    arrays: dict[str, np.ndarray]
    position: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in place of the last."""
    with replacing_file(path) as temporary:
        # save_file would tell of a full disk with an error of its own, and leave a temporary file there
        temporary.write_bytes(save(checkpoint.arrays, {"position": json.dumps(checkpoint.position)}))


def read_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`, or None where there is none.

    Raises:
        LikewiseError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return Checkpoint(arrays, json.loads(file.metadata()["position"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise LikewiseError(f"{path} is damaged ({error}); train again without --resume") from error
