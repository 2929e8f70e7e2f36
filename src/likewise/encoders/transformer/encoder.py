"""Where the model computes, and in what precision, as the machine has it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64

from likewise.encoders.compiled import CompiledForward
from likewise.encoders.packed import packed_for
from likewise.encoders.transformer.batching import Walk, buckets, encode_padded, padded, tokens_read
from likewise.encoders.transformer.dropout import KeyedDropout
from likewise.encoders.transformer.frozen import FrozenLayers
from likewise.encoders.transformer.gradient_cache import Taken, counting, out_of_memory
from likewise.encoders.transformer.pooling import pooled
from likewise.errors import InputError
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

__all__ = ["LEAST", "TransformerEncoder", "TransformerTape", "device_of", "half_precision", "memory_left", "walking"]


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


MOST = 8  # buckets at once: between its products each holds the interpreter
LEAST = 64  # tokens of a bucket, below which sharing one among the cores is as fast


@contextmanager
def walking(tokens: int, device: torch.device) -> Iterator[tuple[Walk, int]]:
    """How to go through the buckets of so many tokens, and how many go at once.

    The cores are shared out among the buckets, and are as before when it ends.
    """
    cores = torch.get_num_threads()
    threads = min(cores, MOST, tokens // LEAST)
    if device.type != "cpu" or threads < 2:
        yield map, 1
        return
    try:
        # Each thread has a number of its own in OpenMP; torch gives the last that was set to threads that are new.
        with ThreadPoolExecutor(threads, initializer=lambda: torch.set_num_threads(cores // threads)) as pool:
            yield pool.map, threads
    finally:
        torch.set_num_threads(cores)


TOKENS = {"cpu": 1024, "cuda": 1 << 15}  # of a bucket: on a processor its states stay in the cache
SHARE = 0.5  # of the memory that is left, for graphs
LARGEST_NORM = 1.0  # of the gradient, to which a longer one is cut
WEIGHT_DECAY = 0.01
SMALLEST_NORM = 1e-12


@dataclass
class TransformerTape:
    """What the backward pass needs of a forward pass.

    Attributes:
        texts: what was encoded.
        keys: of the dropout masks, one a text.
        parts: of each bucket the positions of its texts, and their vectors with the graph; None where the graph was
            not kept, as memory would not have held it: such a bucket is encoded once more.
    """

    texts: Ragged
    keys: torch.Tensor
    parts: list[tuple[Int64[np.ndarray, " bucket"], torch.Tensor | None]] = field(default_factory=list)


class TransformerEncoder:
    """A transformer, pooling and unit norm.

    A batch is cut into buckets of texts of like length, each is encoded by itself, and its graph is kept while memory
    lasts. Dropout belongs to the text (`encoders.dropout`), so vectors and gradients do not depend on the cut.

    Attributes:
        model: of transformers.
        special_tokens: what goes around the ids of a text.
        pooling: how a text's vector comes about.
        dim: length of a vector.
        device: where it computes.
    """

    def __init__(
        self,
        model: Any,
        special_tokens: SpecialTokens,
        pooling: str = "mean",
        *,
        device: str | None = None,
        half: bool | None = None,
        tokens: int | None = None,
        memory: int | None = None,
        length: int | None = None,
        freeze: int = 0,
        seed: int = 0,
        weight_decay: float = WEIGHT_DECAY,
    ) -> None:
        """Takes a model.

        Args:
            model: of transformers, without a head; its parameters that ask for gradients are trained.
            special_tokens: what goes around the ids of a text.
            pooling: one of `encoders.pooling.POOLINGS`.
            device: of torch; the fastest there is if None.
            half: products of training in bfloat16; where the machine is faster with it if None. `encode` never does.
            tokens: of a bucket at the most; fitting the device if None.
            memory: bytes that the graphs of a batch may take; half of what is left if None.
            length: tokens of a text that training reads at the most; all that the encoder can if None.
            freeze: lower layers, and the embeddings, that stay as they are (`encoders.frozen`); 0 trains all.
            seed: of dropout.
            weight_decay: of AdamW; biases and norms have none.
        """
        self.device = device_of(device)
        self.model = model.to(self.device)
        self._forward = CompiledForward(self.model, self.device)
        self.special_tokens, self.pooling = special_tokens, pooling
        self.dim = int(model.config.hidden_size)
        self._half = half_precision(self.device) if half is None else half
        self._tokens = tokens or TOKENS.get(self.device.type, TOKENS["cuda"])
        self._memory, self._seed = memory, seed
        self._room = min(
            special_tokens.max_content_length, (length or special_tokens.longest) - self.special_tokens.around
        )
        self._weight_decay = weight_decay
        self._frozen = FrozenLayers(model, freeze, self._budget()) if freeze else None
        self._steps, self._seen = 0, 0
        self._optimizer: torch.optim.AdamW | None = None
        model.get_input_embeddings().register_forward_hook(self._blanked)

    def encode(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` where it is given; of equal texts one is encoded.

        A text without ids has the vector of the special tokens alone, as in sentence-transformers.
        """
        vectors = np.empty((len(texts), self.dim), np.float32) if out is None else out
        read = tokens_read(texts, self.special_tokens)
        packed = packed_for(read, self.device)
        self.model.eval()

        def engine(*rectangle: Any) -> Float32[np.ndarray, "texts dim"]:
            with torch.inference_mode(), packed:  # both hold for the thread that says so
                return self._encoded(*rectangle)

        with walking(read, self.device) as (walk, threads):
            return encode_padded(
                texts, self.special_tokens, engine, tokens=self._tokens, out=vectors, walk=walk, threads=threads
            )

    def encode_documents(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts that are to be found: those of `encode`."""
        return self.encode(texts, out)

    def forward(self, texts: Ragged) -> tuple[torch.Tensor, TransformerTape]:
        """Unit vectors of `texts` with dropout, detached, and the tape for `backward`."""
        tape = TransformerTape(texts, self._keys(len(texts)))
        budget = self._budget()
        vectors = torch.empty((len(texts), self.dim), device=self.device)
        self.model.train()
        with out_of_memory(len(texts)), self._precision():
            for rows in buckets(np.minimum(texts.lengths, self._room) + self.special_tokens.around, self._tokens):
                kept = budget > 0
                with counting() if kept else nullcontext(Taken()) as taken, torch.set_grad_enabled(kept):
                    found = self._dropped(texts.take(rows), tape.keys[rows])
                budget -= taken.bytes
                vectors[rows] = found.detach().float()
                tape.parts.append((rows, found if kept else None))
        return vectors, tape

    def backward(self, tape: TransformerTape, gradient: Any) -> None:
        """Adds to the gradients of the parameters what the gradient by the vectors means for them."""
        passed = torch.as_tensor(gradient, dtype=torch.float32, device=self.device)
        self.model.train()
        with out_of_memory(len(tape.texts)):
            while tape.parts:
                rows, found = tape.parts.pop()
                if found is None:
                    with self._precision():
                        found = self._dropped(tape.texts.take(rows), tape.keys[rows])
                torch.autograd.backward([found], [passed[rows].to(found.dtype)])

    def step(self, learning_rate: float) -> None:
        """One step of AdamW (Loshchilov and Hutter 2019) on a gradient of norm 1 at the most."""
        trained = [parameter for parameter in self.model.parameters() if parameter.grad is not None]
        if not trained:
            return
        torch.nn.utils.clip_grad_norm_(trained, LARGEST_NORM)
        for group in self._adamw.param_groups:
            group["lr"] = learning_rate
        self._adamw.step()
        self._adamw.zero_grad(set_to_none=True)
        self._steps += 1
        self._seen = 0

    def parameters(self) -> dict[str, Any]:
        """What decides the vectors, as tensors."""
        return dict(self.model.named_parameters())

    def state(self) -> dict[str, np.ndarray]:
        """Everything that training changes, by name; on a processor the arrays are the encoder's own."""
        state = {"steps": np.array([self._steps])}
        for name, parameter in self._trained.items():
            state[f"model.{name}"] = parameter.detach().cpu().numpy()
            if self._optimizer is not None and parameter in self._optimizer.state:
                kept = self._optimizer.state[parameter]
                for part in ("exp_avg", "exp_avg_sq"):
                    state[f"{part}.{name}"] = kept[part].detach().cpu().numpy()
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Put back a `state`, copied into the model's own parameters, and forget gradients."""
        self._steps, self._seen = int(state["steps"][0]), 0
        self.model.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(torch.from_numpy(np.array(state[f"model.{name}"])))
                self._adamw.state.pop(parameter, None)
                if f"exp_avg.{name}" in state:
                    parts = {
                        part: torch.from_numpy(np.array(state[f"{part}.{name}"])).to(self.device)
                        for part in ("exp_avg", "exp_avg_sq")
                    }
                    self._adamw.state[parameter] = {
                        "step": torch.tensor(float(self._steps), device=self.device), **parts
                    }  # fmt: skip

    @property
    def _trained(self) -> dict[str, Any]:
        return {name: parameter for name, parameter in self.model.named_parameters() if parameter.requires_grad}

    @property
    def _adamw(self) -> torch.optim.AdamW:
        if self._optimizer is None:
            matrices = [parameter for parameter in self._trained.values() if parameter.ndim > 1]
            others = [parameter for parameter in self._trained.values() if parameter.ndim <= 1]
            groups = [{"params": matrices, "weight_decay": self._weight_decay}, {"params": others, "weight_decay": 0.0}]
            fused = self.device.type in ("cpu", "cuda")
            self._optimizer = torch.optim.AdamW([group for group in groups if group["params"]], fused=fused)
        return self._optimizer

    def _budget(self) -> int:
        return int(SHARE * memory_left(self.device)) if self._memory is None else self._memory

    def _keys(self, texts: int) -> torch.Tensor:
        """Of seed, step and place: what was dropped once is dropped again by a run that goes on from a checkpoint."""
        rng = np.random.default_rng([self._seed, self._steps, self._seen])
        self._seen += texts
        return torch.from_numpy(rng.integers(2**32, size=texts, dtype=np.int64)).to(self.device)

    def _precision(self) -> Any:
        return torch.autocast(self.device.type, torch.bfloat16) if self._half else nullcontext()

    def _dropped(self, texts: Ragged, keys: torch.Tensor) -> torch.Tensor:
        with KeyedDropout(keys):
            return self._vectors(texts, self._room, self._frozen)

    def _vectors(self, texts: Ragged, max_content_length: int, frozen: FrozenLayers | None = None) -> torch.Tensor:
        ids, inside = (
            torch.from_numpy(each).to(self.device) for each in padded(texts, self.special_tokens, max_content_length)
        )
        mask = inside.long()
        if frozen is None:
            return self._pooled(self.model(input_ids=ids, attention_mask=mask), mask)
        below = frozen.states(_cut(texts, max_content_length), ids, mask)
        return self._pooled(frozen.upper(inputs_embeds=below, attention_mask=mask), mask)

    def _encoded(
        self, ids: Int64[np.ndarray, "texts tokens"], inside: Bool[np.ndarray, "texts tokens"]
    ) -> Float32[np.ndarray, "texts dim"]:
        """Vectors in use: where nothing is padded, attention needs no mask."""
        mask = torch.from_numpy(inside).to(self.device).long()
        given = torch.from_numpy(ids).to(self.device)
        found = self._forward(given, None if inside.all() else mask)
        return self._pooled(found, mask).cpu().numpy()

    def _pooled(self, found: Any, mask: torch.Tensor) -> torch.Tensor:
        vectors = pooled(found.last_hidden_state.float(), mask, self.pooling)
        return torch.nn.functional.normalize(vectors, dim=-1, eps=SMALLEST_NORM)

    def _blanked(self, _: Any, given: Any, embeddings: torch.Tensor) -> torch.Tensor:
        """Zeros in place of the embeddings of tokens that were cut off."""
        mask_token = given[0] == self.special_tokens.mask_token
        some = torch.compiler.is_compiling() or mask_token.any()  # a graph that is exported knows no ids yet
        return embeddings.masked_fill(mask_token[..., None], 0.0) if some else embeddings


def _cut(texts: Ragged, max_content_length: int) -> Ragged:
    """The texts as far as they are read."""
    if (texts.lengths <= max_content_length).all():
        return texts
    return Ragged.of([texts[row][:max_content_length].tolist() for row in range(len(texts))])
