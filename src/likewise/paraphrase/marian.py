"""A Marian translation model of `transformers`, from a folder on this machine. Needs torch."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from likewise.errors import InputError

__all__ = ["Marian"]

BATCH_TOKENS = 4096  # padded ones, which fit the caches of a processor
BATCH_TEXTS = 64
MAX_GROWTH = 1.5  # output tokens per input token, plus ten: a model that degenerates repeats itself without end
NEEDS = "Marian models need torch, transformers and sentencepiece: pip install torch transformers sentencepiece"


class Marian:
    """A translator (see `back_translation.Translator`) that decodes greedily.

    Args:
        folder: the model as `save_pretrained` of transformers writes it, with the weights as safetensors.
        batch_tokens: padded tokens of a batch.

    Attributes:
        folder: the folder of the model.
        fingerprint: a hash of all its files.

    Raises:
        InputError: the folder holds no model that can be loaded, or torch or transformers is missing.
    """

    def __init__(self, folder: str | os.PathLike[str], *, batch_tokens: int = BATCH_TOKENS) -> None:
        self.folder = Path(folder)
        self._batch_tokens = batch_tokens
        _refuse_other_folders(self.folder)
        self.fingerprint = _fingerprint(self.folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it recommends a package that changes quotes and dashes
            self._tokenizer, self._model = _loaded(self.folder)
        limits = (self._tokenizer.model_max_length, self._model.config.max_position_embeddings)
        self._max_tokens = int(min(limits))

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Translate texts; the translation of a text that is too long for the model is empty."""
        translated = [""] * len(texts)
        ids = self._tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
        lengths = [len(each) for each in ids]
        order = sorted((row for row in range(len(ids)) if lengths[row] <= self._max_tokens), key=lengths.__getitem__)
        while order:
            # The longest texts come first, so memory does not grow later.
            size = min(BATCH_TEXTS, max(1, self._batch_tokens // max(1, lengths[order[-1]])))
            rows, order = order[-size:], order[:-size]
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
                max_length=None,  # the model's own setting would conflict with ours and raise a warning
                max_new_tokens=min(self._max_tokens - 1, int(MAX_GROWTH * width) + 10),
                num_beams=1,
                do_sample=False,
            )
        texts: list[str] = self._tokenizer.batch_decode(generated, skip_special_tokens=True)
        return texts


def _refuse_other_folders(folder: Path) -> None:
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
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the caller shows the progress
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        model = AutoModelForSeq2SeqLM.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
    except ImportError:
        raise InputError(NEEDS) from None
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{folder} is no translation model that transformers can load: {reason}") from None
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
