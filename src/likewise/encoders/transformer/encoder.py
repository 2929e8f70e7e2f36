"""A transformer as an encoder: batches by length, pooling, unit vectors, AdamW."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from likewise.arrays import Float32
from likewise.encoders.transformer.batching import BucketMap, Padded, buckets, encode_padded, padded, tokens_read
from likewise.encoders.transformer.dropout import KeyedDropout
from likewise.encoders.transformer.frozen import FrozenLayers
from likewise.encoders.transformer.gradient_cache import GradientCache, Tape, free_memory
from likewise.encoders.transformer.pooling import pooled
from likewise.errors import InputError
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

BFLOAT_FLAGS = ("amx_bf16", "avx512_bf16")  # without either, half precision is slower than single on a processor
BUCKET_TOKENS = {"cpu": 1024, "cuda": 1 << 15}  # on a processor the states of a bucket stay in the cache
FEWEST_TOKENS = 64  # per thread; with fewer, dividing a bucket among the cores is as fast
MOST_THREADS = 8  # between its products each holds the interpreter
MEMORY_SHARE = 0.5  # of the free memory, for the graphs of a batch
LARGEST_NORM = 1.0  # of the gradient; a longer one is clipped
WEIGHT_DECAY = 0.01  # of AdamW, on matrices; biases and norms have none
SMALLEST_NORM = 1e-12


class TransformerEncoder:
    """A transformer, pooling and normalisation.

    Training goes through the gradient cache, and dropout belongs to the text (`dropout.py`), so vectors and gradients
    do not depend on how a batch is divided into buckets.

    Attributes:
        model: of transformers.
        special_tokens: added around the ids of a text.
        pooling: one of `pooling.POOLINGS`.
        dim: length of a vector.
        device: of the model.
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
        activation_memory: int | None = None,
        length: int | None = None,
        freeze: int = 0,
        seed: int = 0,
    ) -> None:
        """Takes a model.

        Args:
            model: of transformers, without a head; its parameters that require gradients are trained.
            special_tokens: added around the ids of a text.
            pooling: one of `pooling.POOLINGS`.
            device: of torch; None for the fastest available.
            half: products of training in bfloat16; None for where the machine is faster with it. `encode` never does.
            tokens: per bucket at most; None for a number that suits the device.
            activation_memory: bytes that the graphs of a batch may take; None for half of what is free.
            length: tokens of a text that training reads; None for as many as the encoder can.
            freeze: number of lower layers that stay as they are, with the embeddings (`frozen.py`); 0 trains all.
            seed: of dropout.
        """
        self.device = device_of(device)
        self.model = model.to(self.device)
        self.special_tokens, self.pooling = special_tokens, pooling
        self.dim = int(model.config.hidden_size)
        self._half = half_precision(self.device) if half is None else half
        self._tokens = tokens or BUCKET_TOKENS.get(self.device.type, BUCKET_TOKENS["cuda"])
        self._activation_memory, self._seed = activation_memory, seed
        self._train_length = min(
            special_tokens.max_content_length, (length or special_tokens.longest) - special_tokens.around
        )
        self._frozen = FrozenLayers(model, freeze, self._memory_budget()) if freeze else None
        self._cache = GradientCache(self._encode_with_dropout, self._precision)
        self._steps, self._texts_seen = 0, 0
        self._optimizer: torch.optim.AdamW | None = None
        model.get_input_embeddings().register_forward_hook(self._zero_mask_tokens)

    def encode(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None, *, fewest_tokens: int = FEWEST_TOKENS
    ) -> Float32[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`; of equal texts one is encoded.

        A text without ids has the vector of the special tokens alone, as in sentence-transformers.

        Args:
            texts: token ids without special tokens.
            out: array to write the vectors to.
            fewest_tokens: per thread, on a processor.
        """
        vectors = np.empty((len(texts), self.dim), np.float32) if out is None else out
        self.model.eval()
        read = tokens_read(texts, self.special_tokens)
        with parallel_buckets(read, self.device, fewest_tokens) as (map_buckets, threads):
            return encode_padded(
                texts, self.special_tokens, self._encode_padded, tokens=self._tokens, out=vectors,
                map_buckets=map_buckets, threads=threads,
            )  # fmt: skip

    def forward(self, texts: Ragged) -> tuple[torch.Tensor, Tape]:
        """Unit vectors of `texts` with dropout, (texts, dim), detached, and the tape for `backward`."""
        self.model.train()
        keys, memory = self._dropout_keys(len(texts)), self._memory_budget()
        lengths = np.minimum(texts.lengths, self._train_length) + self.special_tokens.around
        vectors = torch.empty((len(texts), self.dim), device=self.device)
        tape = self._cache.forward(texts, keys, buckets(lengths, self._tokens), memory, vectors)
        return vectors, tape

    def backward(self, tape: Tape, gradient: Any) -> None:
        """Add to the parameter gradients.

        Args:
            tape: of the forward pass.
            gradient: d loss / d vectors, (texts, dim), an array or a tensor.
        """
        self.model.train()
        self._cache.backward(tape, torch.as_tensor(gradient, dtype=torch.float32, device=self.device))

    def step(self, learning_rate: float) -> None:
        """One step of AdamW (Loshchilov and Hutter 2019) on a gradient clipped to norm 1."""
        trained = [parameter for parameter in self.model.parameters() if parameter.grad is not None]
        if not trained:
            return
        torch.nn.utils.clip_grad_norm_(trained, LARGEST_NORM)
        for group in self._adamw.param_groups:
            group["lr"] = learning_rate
        self._adamw.step()
        self._adamw.zero_grad(set_to_none=True)
        self._steps += 1
        self._texts_seen = 0

    def state(self) -> dict[str, np.ndarray]:
        """Everything that training changes, by name; on a processor the arrays are the encoder's own."""
        state = {"steps": np.array([self._steps])}
        for name, parameter in self._trained.items():
            state[f"model.{name}"] = parameter.detach().cpu().numpy()
            if self._optimizer is not None and parameter in self._optimizer.state:
                averages = self._optimizer.state[parameter]
                for average in ("exp_avg", "exp_avg_sq"):
                    state[f"{average}.{name}"] = averages[average].detach().cpu().numpy()
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Copy a `state` into the model's own parameters, and clear the gradients."""
        self._steps, self._texts_seen = int(state["steps"][0]), 0
        self.model.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, parameter in self._trained.items():
                parameter.copy_(torch.from_numpy(np.array(state[f"model.{name}"])))
                self._adamw.state.pop(parameter, None)
                if f"exp_avg.{name}" in state:
                    averages = {
                        average: torch.from_numpy(np.array(state[f"{average}.{name}"])).to(self.device)
                        for average in ("exp_avg", "exp_avg_sq")
                    }
                    step = torch.tensor(float(self._steps), device=self.device)
                    self._adamw.state[parameter] = {"step": step, **averages}

    @property
    def _trained(self) -> dict[str, Any]:
        return {name: parameter for name, parameter in self.model.named_parameters() if parameter.requires_grad}

    @property
    def _adamw(self) -> torch.optim.AdamW:
        if self._optimizer is None:
            matrices = [parameter for parameter in self._trained.values() if parameter.ndim > 1]
            others = [parameter for parameter in self._trained.values() if parameter.ndim <= 1]
            groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
            fused = self.device.type in ("cpu", "cuda")
            self._optimizer = torch.optim.AdamW([group for group in groups if group["params"]], fused=fused)
        return self._optimizer

    def _memory_budget(self) -> int:
        """Bytes that the graphs of a batch may take."""
        if self._activation_memory is not None:
            return self._activation_memory
        return int(MEMORY_SHARE * free_memory(self.device))

    def _dropout_keys(self, texts: int) -> torch.Tensor:
        """Keys by seed, step and position: a run that is resumed from a checkpoint draws the same dropout."""
        rng = np.random.default_rng([self._seed, self._steps, self._texts_seen])
        self._texts_seen += texts
        return torch.from_numpy(rng.integers(2**32, size=texts, dtype=np.int64)).to(self.device)

    def _precision(self) -> Any:
        return torch.autocast(self.device.type, torch.bfloat16) if self._half else nullcontext()

    def _encode_with_dropout(self, texts: Ragged, keys: torch.Tensor) -> torch.Tensor:
        """The vectors of a bucket in training, (texts, dim)."""
        batch = padded(texts, self.special_tokens, self._train_length)
        ids, mask = (torch.from_numpy(array).to(self.device) for array in batch)
        mask = mask.long()
        with KeyedDropout(keys):
            if self._frozen is None:
                return self._pooled(self.model(input_ids=ids, attention_mask=mask), mask)
            states = self._frozen.states(texts, self._train_length, ids, mask)
            return self._pooled(self._frozen.upper(inputs_embeds=states, attention_mask=mask), mask)

    def _encode_padded(self, batch: Padded) -> Float32[np.ndarray, "texts dim"]:
        """The vectors of a bucket in use; where nothing is padded, attention needs no mask."""
        with torch.inference_mode():  # holds for the thread that enters it
            mask = torch.from_numpy(batch.mask).to(self.device).long()
            ids = torch.from_numpy(batch.ids).to(self.device)
            output = self.model(input_ids=ids, attention_mask=None if batch.mask.all() else mask)
            return self._pooled(output, mask).cpu().numpy()

    def _pooled(self, output: Any, mask: torch.Tensor) -> torch.Tensor:
        vectors = pooled(output.last_hidden_state.float(), mask, self.pooling)
        return torch.nn.functional.normalize(vectors, dim=-1, eps=SMALLEST_NORM)

    def _zero_mask_tokens(self, _: Any, inputs: Any, embeddings: torch.Tensor) -> torch.Tensor:
        """Replace the embeddings of mask tokens by zeros; a forward hook."""
        is_mask = inputs[0] == self.special_tokens.mask_token
        some = torch.compiler.is_compiling() or is_mask.any()  # a graph that is exported knows no ids yet
        return embeddings.masked_fill(is_mask[..., None], 0.0) if some else embeddings


def device_of(name: str | None) -> torch.device:
    """The device of that name; None for the fastest available.

    Raises:
        InputError: torch cannot use such a device here.
    """
    if name is None:
        kinds = (("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available))
        return torch.device(next((kind for kind, available in kinds if available()), "cpu"))
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"the device {name!r} cannot be used ({reason}): expected cpu, or one that torch finds"
        ) from error
    return device


def half_precision(device: torch.device, cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether mixed precision, with products in bfloat16, is faster than single precision.

    Args:
        device: of the model.
        cpu: file with the features of the processor.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device.type != "cpu" or not cpu.exists():
        return False
    return any(flag in cpu.read_text(encoding="utf-8", errors="replace") for flag in BFLOAT_FLAGS)


@contextmanager
def parallel_buckets(
    tokens: int, device: torch.device, fewest_tokens: int = FEWEST_TOKENS
) -> Iterator[tuple[BucketMap, int]]:
    """Encode buckets in parallel on a processor: each thread takes its share of the cores.

    Args:
        tokens: of all buckets.
        device: of the model.
        fewest_tokens: per thread.

    Yields:
        What calls a function for each bucket, and the number of threads. The number of torch's threads is restored at
        the end.
    """
    cores = torch.get_num_threads()
    threads = min(cores, MOST_THREADS, tokens // fewest_tokens)
    if device.type != "cpu" or threads < 2:
        yield map, 1
        return
    try:
        # OpenMP counts its threads per calling thread; torch gives new threads the last number that was set.
        with ThreadPoolExecutor(threads, initializer=lambda: torch.set_num_threads(cores // threads)) as pool:
            yield pool.map, threads
    finally:
        torch.set_num_threads(cores)
