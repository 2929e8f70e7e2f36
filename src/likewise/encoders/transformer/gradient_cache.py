"""The gradient cache: the gradients of a whole batch in the memory of a part of it (Gao et al. 2021, GradCache).

A contrastive loss needs the vectors of all texts of a batch at once, and memory may not hold the graph of a forward
pass over all of them. But the loss depends on the encoder through the vectors alone, the representations. So the chain
rule is applied in two parts:

1. `forward` encodes the batch bucket by bucket, and keeps the graph of a bucket while the memory budget lasts.
2. The caller takes the loss on the detached vectors, and its gradient with respect to them.
3. `backward` propagates the rows of that gradient through each bucket. A bucket without a graph is encoded a second
   time, with the same dropout, which costs a third more work for that bucket.

The parameter gradients add up to those of the batch encoded at once, whichever graphs were kept.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from likewise.arrays import Float32, Int64
from likewise.encoders.transformer.batching import Bucket
from likewise.errors import LikewiseError
from likewise.tokens.ragged import Ragged

GIBIBYTE = 1 << 30
UNKNOWN_MEMORY = 2 * GIBIBYTE  # assumed where the system does not report free memory
CGROUP = Path("/sys/fs/cgroup")


@dataclass
class Tape:
    """What the backward pass needs from a forward pass.

    Attributes:
        texts: token ids of the batch.
        keys: of the dropout masks, one per text.
        buckets: of each bucket the positions of its texts, and their vectors, (bucket, dim), with the graph; None where
            no graph was kept.
    """

    texts: Ragged
    keys: Int64[torch.Tensor, " texts"]
    buckets: list[tuple[Bucket, torch.Tensor | None]] = field(default_factory=list)


class GradientCache:
    """Forward and backward pass over a batch in buckets.

    Args:
        encode: token ids and dropout keys of a bucket to vectors, (bucket, dim).
        precision: gives the context in which `encode` runs, such as automatic mixed precision.
    """

    def __init__(
        self,
        encode: Callable[[Ragged, torch.Tensor], torch.Tensor],
        precision: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._encode, self._precision = encode, precision

    def forward(
        self,
        texts: Ragged,
        keys: Int64[torch.Tensor, " texts"],
        buckets: list[Bucket],
        memory: int,
        out: Float32[torch.Tensor, "texts dim"],
    ) -> Tape:
        """Encode a batch bucket by bucket.

        Args:
            texts: token ids.
            keys: of the dropout masks.
            buckets: positions of the texts of each bucket.
            memory: bytes that the graphs may take; further buckets are encoded without a graph.
            out: tensor to write the vectors to, detached.

        Raises:
            LikewiseError: there is no memory for a single bucket.
        """
        tape = Tape(texts, keys)
        with _out_of_memory(len(texts)), self._precision():
            for rows in buckets:
                keeps = memory > 0
                with torch.set_grad_enabled(keeps), _graph_bytes() as taken:
                    vectors = self._encode(texts.take(rows), keys[rows])
                memory -= taken[0]
                tape.buckets.append((rows, vectors if keeps else None))
                out[rows] = vectors.detach().float()
        return tape

    def backward(self, tape: Tape, gradient: Float32[torch.Tensor, "texts dim"]) -> None:
        """Add to the parameter gradients, the last bucket first; each graph is freed once it was used.

        Args:
            tape: of the forward pass; empty afterwards.
            gradient: d loss / d vectors.

        Raises:
            LikewiseError: there is no memory for a single bucket.
        """
        with _out_of_memory(len(tape.texts)):
            while tape.buckets:
                rows, vectors = tape.buckets.pop()
                if vectors is None:
                    with self._precision():  # the same keys give the same dropout
                        vectors = self._encode(tape.texts.take(rows), tape.keys[rows])
                torch.autograd.backward([vectors], [gradient[rows].to(vectors.dtype)])


@contextmanager
def _graph_bytes() -> Iterator[list[int]]:
    """Count the bytes saved for the backward pass, each storage once and parameters not at all."""
    taken, seen = [0], set()

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen and not isinstance(tensor, torch.nn.Parameter):
            seen.add(storage.data_ptr())
            taken[0] += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield taken


@contextmanager
def _out_of_memory(texts: int) -> Iterator[None]:
    """Report in one line that a batch of so many texts does not fit into memory, whichever error torch raises.

    Raises:
        LikewiseError: memory ran out.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        raise LikewiseError(
            f"there is no memory for a batch of {texts:,} views: give a smaller --batch or --length"
        ) from error


def free_memory(device: torch.device, meminfo: Path = Path("/proc/meminfo"), cgroup: Path = CGROUP) -> int:
    """Bytes of memory that are free.

    Args:
        device: of the model.
        meminfo: file with the memory of the system.
        cgroup: folder with the limits of the container.
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = [UNKNOWN_MEMORY]
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="utf-8").splitlines() if ":" in line)
        free = [int(lines["MemAvailable"].split()[0]) << 10] if "MemAvailable" in lines else free
    limit, used = _number_in(cgroup / "memory.max"), _number_in(cgroup / "memory.current")
    if limit is not None and used is not None:
        free.append(max(0, limit - used))
    return min(free)


def _number_in(path: Path) -> int | None:
    """The number in a file; None if there is none, as in a container without a limit."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
