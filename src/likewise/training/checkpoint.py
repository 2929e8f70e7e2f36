"""The checkpoint of a run: everything that the rest of the run depends on, in one file written whole or not at all."""

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
    """The state of a run.

    Attributes:
        arrays: the state of the encoder, its best state so far under names that begin with `best.`, and the state of
            everything else that changes in the run, such as a queue.
        position: plain JSON values: the step and the history.
    """

    arrays: dict[str, np.ndarray]
    position: dict[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in place of the last one.

    Raises:
        OSError: it cannot be written; the last one is unchanged.
    """
    with replacing_file(path) as temporary:
        # save_file would raise its own error for a full disk, and leave a temporary file behind.
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
        raise LikewiseError(f"{path} is damaged ({error}): train again without --resume") from error
