"""Back-translation by two Marian models of `transformers`, from folders on this machine. Needs torch."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.paraphrase.translation import round_trip

__all__ = ["Marian", "MarianRoundTrip"]

TOKENS_A_BATCH = 4096  # padded ones: what a processor's caches like
MOST_TEXTS_A_BATCH = 64
LONGER = 1.5  # times as many tokens as went in, and ten more: a model that has lost its way repeats itself for ever
NEEDS = "Marian models need torch, transformers and sentencepiece: pip install torch transformers sentencepiece"


class MarianRoundTrip:
    """Back-translation by two models.

    Args:
        there: the folder of the model that translates into the other language.
        back: that of the model that translates back.
        beams: how many translations are followed at a time; 1 is greedy.

    Raises:
        InputError: a folder holds no model that can be loaded, or torch or transformers is missing.
    """

    def __init__(self, there: str | os.PathLike[str], back: str | os.PathLike[str], *, beams: int = 1) -> None:
        models = [Marian(there, beams=beams), Marian(back, beams=beams)]
        self._models = models
        names = "|".join(f"{model.folder.name}@{model.fingerprint}" for model in models)
        self.name = f"back-translation:{names}" + (f",{beams} beams" if beams > 1 else "")

    def __call__(self, texts: Sequence[str], rng: np.random.Generator) -> list[str]:
        """The texts, there and back; nothing is drawn. One too long for a model comes back as it was."""
        return round_trip(texts, self._models)


class Marian:
    """One model.

    Args:
        folder: as `save_pretrained` of transformers writes it, with the weights as safetensors.
        beams: how many translations are followed at a time; 1 is greedy.

    Attributes:
        folder: of the model.
        fingerprint: of everything in it.

    Raises:
        InputError: the folder holds no model that can be loaded, or torch or transformers is missing.
    """

    def __init__(self, folder: str | os.PathLike[str], *, beams: int = 1) -> None:
        self.folder = Path(folder)
        self._beams = beams
        _refuse_what_is_no_model(self.folder)
        self.fingerprint = _fingerprint(self.folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it recommends a package that changes quotes and dashes
            self._tokenizer, self._model = _loaded(self.folder)
        limits = (self._tokenizer.model_max_length, self._model.config.max_position_embeddings)
        self._longest = int(min(limits))

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The translations; one of a text that is too long for the model is empty."""
        translated = [""] * len(texts)
        ids = self._tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
        lengths = [len(some) for some in ids]
        order = sorted((row for row in range(len(ids)) if lengths[row] <= self._longest), key=lengths.__getitem__)
        while order:
            rows = _batch_of_the_longest(order, lengths)
            for row, text in zip(rows, self._generated([ids[row] for row in rows]), strict=True):
                translated[row] = " ".join(text.split())
        return translated

    def _generated(self, ids: Sequence[Sequence[int]]) -> list[str]:
        import torch

        padded = self._tokenizer.pad({"input_ids": list(ids)}, return_tensors="pt")
        width = padded["input_ids"].shape[1]
        with torch.inference_mode():
            generated = self._model.generate(
                **{name: padded[name] for name in ("input_ids", "attention_mask")},
                max_length=None,  # a model's own setting would contradict ours, and be warned of
                max_new_tokens=min(self._longest - 1, int(LONGER * width) + 10),
                num_beams=self._beams,
                do_sample=False,
            )
        texts: list[str] = self._tokenizer.batch_decode(generated, skip_special_tokens=True)
        return texts


def _batch_of_the_longest(order: list[int], lengths: Sequence[int]) -> list[int]:
    """Takes rows from the end of an order by length: the largest batch comes first, so memory does not grow later."""
    most = min(MOST_TEXTS_A_BATCH, max(1, TOKENS_A_BATCH // max(1, lengths[order[-1]])))
    rows = order[-most:]
    del order[-most:]
    return rows


def _refuse_what_is_no_model(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no model: expected a folder with config.json and model.safetensors")
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"{folder} has no weights as safetensors: load it where you trust it, with from_pretrained, and write it "
            "anew with save_pretrained"
        )


def _loaded(folder: Path) -> tuple[Any, Any]:
    try:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError:
        raise InputError(NEEDS) from None
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # what the user waits for is told by whoever rewrites
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = AutoModelForSeq2SeqLM.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    except ImportError:
        raise InputError(NEEDS) from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{folder} is no translation model that transformers can load: {said}") from None
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    return tokenizer, model.eval()


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(f"{path.name}\n".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]
