"""A transformer exported to ONNX, run by onnxruntime: without torch or transformers, and faster than with them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from likewise.encoders.transformer.batching import Padded, encode_padded
from likewise.encoders.transformer.pooling import pooled
from likewise.errors import InputError, LikewiseError
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

__all__ = ["EXTRA", "INPUTS", "OUTPUT", "OnnxEncoder", "open_onnxruntime"]

EXTRA = "pip install 'likewise[onnx]'"
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "last_hidden_state"  # names that sentence-transformers expects
BUCKET_TOKENS = 1024  # the states of a bucket stay in the cache
SMALLEST_NORM = 1e-12
# Fusions that are slower than their parts: a layer norm fused with the sum before it takes six times as long.
SLOW_FUSIONS = ["SkipLayerNormFusion", "BiasGeluFusion"]
FATAL = 4  # log level of onnxruntime: what fails raises as well


class OnnxEncoder:
    """Ids to unit vectors by a graph that returns the last hidden states.

    Each thread runs buckets by itself, one operator after the other: nothing waits within a bucket.

    Attributes:
        special_tokens: added around the ids of a text.
        pooling: one of `pooling.POOLINGS`.
        dim: length of a vector.
    """

    def __init__(
        self,
        path: str | Path,
        special_tokens: SpecialTokens,
        pooling: str,
        dim: int,
        *,
        threads: int | None = None,
    ) -> None:
        """Opens a graph.

        Args:
            path: of the graph, with the inputs `INPUTS` and the output `OUTPUT`.
            special_tokens: added around the ids of a text.
            pooling: one of `pooling.POOLINGS`.
            dim: length of a vector.
            threads: number of buckets encoded at once; None for one per processor.

        Raises:
            InputError: it is no such graph.
            LikewiseError: onnxruntime is not installed.
        """
        runtime = open_onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        self.special_tokens, self.pooling, self.dim = special_tokens, pooling, dim
        try:
            self._session: Any = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW_FUSIONS
            )
            outputs = [each.name for each in self._session.get_outputs()]
            inputs = {each.name for each in self._session.get_inputs()}
            if OUTPUT not in outputs or inputs != set(INPUTS):
                raise ValueError(f"it turns {', '.join(sorted(inputs))} into {', '.join(outputs)}")
        except Exception as error:  # whatever a damaged file makes onnxruntime raise
            reason = " ".join(str(error).split())[:160]
            raise InputError(
                f"{path} cannot be run ({reason}): export the model again, with likewise export"
            ) from error
        self.threads = threads or _processors()

    def encode(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` if given; of equal texts one is encoded."""
        vectors = np.empty((len(texts), self.dim), np.float32) if out is None else out
        settings: dict[str, Any] = {"tokens": BUCKET_TOKENS, "out": vectors}
        if self.threads == 1 or len(texts) == 1:
            return encode_padded(texts, self.special_tokens, self._encode_padded, **settings)
        with ThreadPoolExecutor(self.threads) as pool:
            settings |= {"map_buckets": pool.map, "threads": self.threads}
            return encode_padded(texts, self.special_tokens, self._encode_padded, **settings)

    def _encode_padded(self, batch: Padded) -> Float32[np.ndarray, "texts dim"]:
        mask = batch.mask.astype(np.int64)
        (states,) = self._session.run([OUTPUT], dict(zip(INPUTS, (batch.ids, mask), strict=True)))
        vectors = pooled(states, mask, self.pooling)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: np.ndarray = (vectors / np.maximum(lengths, SMALLEST_NORM)).astype(np.float32, copy=False)
        return units


def open_onnxruntime() -> Any:
    """Import onnxruntime.

    Raises:
        LikewiseError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise LikewiseError(f"encoding with ONNX needs {error.name or 'onnxruntime'}: {EXTRA}") from error
    return onnxruntime


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
