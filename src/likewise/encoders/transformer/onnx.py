"""A transformer that was exported to ONNX, on onnxruntime: no torch, no transformers, and faster than with them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from likewise.encoders.transformer.batching import encode_padded
from likewise.encoders.transformer.pooling import check_pooling, pooled
from likewise.errors import InputError, LikewiseError
from likewise.tokens.pretrained import SpecialTokens
from likewise.tokens.ragged import Ragged

__all__ = ["EXTRA", "INPUTS", "OUTPUT", "OnnxEncoder", "open_onnxruntime", "processors"]


EXTRA = "pip install 'likewise[onnx]'"
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "last_hidden_state"  # as sentence-transformers looks for them
TOKENS = 1024  # of a bucket: its states stay in the cache
SMALLEST_NORM = 1e-12
# Fusions that are slower than their parts: a layer norm fused with the sum before it takes six times as long.
SLOW = ["SkipLayerNormFusion", "BiasGeluFusion"]
FATAL = 4  # of onnxruntime's log: what fails raises as well


class OnnxEncoder:
    """Ids to unit vectors by a graph that gives the last hidden states.

    Each thread runs buckets of its own, one operator after the other: nothing has to be waited for within a bucket.

    Attributes:
        path: of the graph.
        special_tokens: what goes around the ids of a text.
        pooling: how a text's vector comes about.
        dim: length of a vector.
    """

    def __init__(
        self,
        path: str | Path,
        special_tokens: SpecialTokens,
        pooling: str = "mean",
        dim: int = 0,
        *,
        threads: int | None = None,
    ) -> None:
        """Opens a graph.

        Args:
            path: of the graph, with the inputs `INPUTS` and the output `OUTPUT`.
            special_tokens: what goes around the ids of a text.
            pooling: one of `encoders.pooling.POOLINGS`.
            dim: length of a vector; what the graph says if 0.
            threads: how many buckets are encoded at once; one a processor if None.

        Raises:
            InputError: it is no such graph.
            LikewiseError: onnxruntime is not installed.
        """
        runtime = open_onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = FATAL
        self.path, self.special_tokens, self.pooling = Path(path), special_tokens, check_pooling(pooling)
        try:
            self._session: Any = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW
            )
            shapes = {each.name: each.shape for each in self._session.get_outputs()}
            takes = {each.name for each in self._session.get_inputs()}
            if OUTPUT not in shapes or takes != set(INPUTS):
                raise ValueError(f"it turns {', '.join(sorted(takes))} into {', '.join(shapes)}")
        except Exception as error:  # whatever a damaged file makes onnxruntime raise
            said = " ".join(str(error).split())[:160]
            raise InputError(f"{path} cannot be run ({said}): export the model again, with likewise export") from error
        self.dim = dim or int(shapes[OUTPUT][-1])
        self.threads = threads or processors()

    def encode(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Unit vectors of `texts`, written to `out` where it is given; of equal texts one is encoded."""
        vectors = np.empty((len(texts), self.dim), np.float32) if out is None else out
        if self.threads == 1 or len(texts) == 1:
            return encode_padded(texts, self.special_tokens, self._encoded, tokens=TOKENS, out=vectors)
        with ThreadPoolExecutor(self.threads) as pool:
            return encode_padded(
                texts,
                self.special_tokens,
                self._encoded,
                tokens=TOKENS,
                out=vectors,
                walk=pool.map,
                threads=self.threads,
            )

    def encode_documents(
        self, texts: Ragged, out: Float32[np.ndarray, "texts dim"] | None = None
    ) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts that are to be found: those of `encode`."""
        return self.encode(texts, out)

    def _encoded(
        self, ids: Int64[np.ndarray, "texts tokens"], inside: Bool[np.ndarray, "texts tokens"]
    ) -> Float32[np.ndarray, "texts dim"]:
        mask = inside.astype(np.int64)
        (states,) = self._session.run([OUTPUT], dict(zip(INPUTS, (ids, mask), strict=True)))
        vectors = pooled(states, mask, self.pooling)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: np.ndarray = (vectors / np.maximum(lengths, SMALLEST_NORM)).astype(np.float32, copy=False)
        return units


def open_onnxruntime() -> Any:
    """The onnxruntime package.

    Raises:
        LikewiseError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise LikewiseError(f"encoding with ONNX needs {error.name or 'onnxruntime'}: {EXTRA}") from error
    return onnxruntime


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
