"""Translate texts into another language and back, with Apertium or with two Marian models.

A Marian model is one of `transformers`, from a folder on this machine, and needs torch.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from likewise.errors import InputError, LikewiseError

DIRECTION = "eng-spa"
INSTALL = "apt install apertium apertium-eng-spa"
BETWEEN_MODELS = "|"

MAX_LINES = 2000  # per process: starting one takes as long as translating a hundred lines
MAX_CHARACTERS = 400_000
MIN_TIMEOUT = 60.0  # seconds that a process may take in any case, on a busy machine
SECONDS_PER_CHARACTER = 0.005  # added to the timeout: a hundred times what a character takes
LISTING_TIMEOUT = 30.0

BATCH_TOKENS = 4096  # padded ones, which fit the caches of a processor
BATCH_TEXTS = 64
MAX_GROWTH = 1.5  # output tokens per input token, plus ten: a model that degenerates repeats itself without end
NEEDS = "Marian models need torch, transformers and sentencepiece: pip install torch transformers sentencepiece"

LETTER = re.compile(r"[^\W\d_]")
PAIR = re.compile(r"(\w+)-(\w+)", re.ASCII)
ENDS_SENTENCE = (".", "!", "?")

Translator = Callable[[Sequence[str]], list[str]]
"""Translates texts of one line each, none of them empty; the translation is empty if it cannot translate a text."""


class BackTranslation:
    """A paraphraser that translates texts there and back.

    White space is collapsed, because a translator takes a line for a text. A text is returned unchanged if it has no
    letter, if a translation is empty, or if it comes back with the same words; a lower-case first letter stays so.

    Args:
        name: identifies the translators.
        translators: the way there and the way back.
    """

    def __init__(self, name: str, translators: Sequence[Translator]) -> None:
        self.name = name
        self._translators = translators

    def __call__(self, texts: Sequence[str], rng: np.random.Generator) -> list[str]:
        """Translate the texts there and back; it uses no random numbers."""
        rewritten = list(texts)
        rows = [row for row, text in enumerate(texts) if LETTER.search(text)]
        lines = [_one_line(texts[row]) for row in rows]
        for translate in self._translators:
            # A line without a translation is not sent back.
            left = [place for place, line in enumerate(lines) if line]
            for place, line in zip(left, translate([lines[place] for place in left]), strict=True):
                lines[place] = line
        for row, line in zip(rows, lines, strict=True):
            original = _one_line(texts[row])
            back = line[:1].lower() + line[1:] if original[0].islower() else line
            if back and back != original:
                rewritten[row] = back
        return rewritten


def build_back_translation(argument: str | None) -> BackTranslation:
    """Build back-translation with Apertium or with two Marian models.

    Args:
        argument: the direction of an Apertium language pair, such as `eng-spa`, the default; or the folders of two
            Marian models, there and back, such as `opus-en-de|opus-de-en`.

    Raises:
        InputError: Apertium or the pair is not installed, or a folder holds no Marian model.
    """
    if argument is not None and BETWEEN_MODELS in argument:
        models = [Marian(folder.strip()) for folder in argument.split(BETWEEN_MODELS, maxsplit=1)]
        name = BETWEEN_MODELS.join(f"{model.folder.name}@{model.fingerprint}" for model in models)
        return BackTranslation(f"back-translation:{name}", models)
    direction = DIRECTION if argument is None else argument
    found = PAIR.fullmatch(direction)
    if found is None:
        raise InputError(
            f"back-translation:{direction}: expected two languages of Apertium, as in {DIRECTION}, or the folders "
            f"of two Marian models, as in PATH{BETWEEN_MODELS}PATH"
        )
    directions = (direction, f"{found[2]}-{found[1]}")
    installed = _installed_directions()
    for each in directions:
        if each not in installed:
            raise InputError(
                f"Apertium cannot translate {each} here: install the pair of languages ({INSTALL}), or choose from "
                f"{', '.join(installed) or 'none'}"
            )
    return BackTranslation(f"back-translation:{direction}", [Apertium(each) for each in directions])


class Apertium:
    """One direction of Apertium, a rule-based translator that runs on any machine and is deterministic.

    Args:
        direction: its name in Apertium, such as `eng-spa`.
        max_lines: lines per process.
        max_characters: characters per process, unless a single line is longer.
        min_timeout: seconds that a process may take in any case.
    """

    def __init__(
        self,
        direction: str,
        *,
        max_lines: int = MAX_LINES,
        max_characters: int = MAX_CHARACTERS,
        min_timeout: float = MIN_TIMEOUT,
    ) -> None:
        self.direction = direction
        self._max_lines, self._max_characters, self._min_timeout = max_lines, max_characters, min_timeout

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Translate texts of one line each.

        Raises:
            LikewiseError: Apertium fails, takes too long, or returns a different number of lines.
        """
        return [line for batch in self._batches(texts) for line in self._translated(batch)]

    def _batches(self, lines: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for line in lines:
            if batch and (len(batch) == self._max_lines or size + len(line) > self._max_characters):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += len(line)
        if batch:
            yield batch

    def _translated(self, lines: Sequence[str]) -> list[str]:
        # Without a full stop Apertium moves words across line ends, whatever the options: each line gets one.
        ended = [line if line.endswith(ENDS_SENTENCE) else f"{line} ." for line in lines]
        timeout = self._min_timeout + SECONDS_PER_CHARACTER * sum(map(len, ended))
        returned = _run(["apertium", "-u", "-f", "txt", self.direction], "\n".join(ended) + "\n", timeout)
        translated = returned.split("\n")[:-1]
        if len(translated) != len(lines):
            raise LikewiseError(
                f"Apertium lost its place: {self.direction} was given {len(lines):,} lines and returned "
                f"{len(translated):,}"
            )
        clean = (" ".join(line.split()) for line in translated)
        return [
            new if old.endswith(ENDS_SENTENCE) else new.removesuffix(".").rstrip()
            for old, new in zip(lines, clean, strict=True)
        ]


def _one_line(text: str) -> str:
    # Control characters become white space: translators do not define what they do with them.
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text).split())


def _installed_directions() -> list[str]:
    if shutil.which("apertium") is None:
        raise InputError(f"back-translation needs Apertium, which is not on this machine: {INSTALL}")
    return _run(["apertium", "-l"], "", LISTING_TIMEOUT).split()


def _run(command: Sequence[str], given: str, timeout: float) -> str:
    # Apertium is a script that starts several programs: in a process group they can all be killed.
    process = subprocess.Popen(  # noqa: S603 - the words are ours, and a direction is made of letters
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    shown = " ".join(command)
    try:
        out, errors = process.communicate(given.encode("utf-8", "replace"), timeout=timeout)
    except subprocess.TimeoutExpired:
        raise LikewiseError(f"`{shown}` was killed: it had not finished after {timeout:,.0f} seconds") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        reason = " ".join(errors.decode("utf-8", "replace").split())[:200]
        raise LikewiseError(f"`{shown}` failed with code {process.returncode}: {reason or 'it gave no reason'}")
    return out.decode("utf-8", "replace")


class Marian:
    """A `Translator` that is a Marian model and decodes greedily.

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
        if not (self.folder / "config.json").is_file():
            raise InputError(f"{self.folder} holds no model: expected a folder with config.json and model.safetensors")
        if not any(self.folder.glob("*.safetensors")):
            raise InputError(
                f"{self.folder} has no weights as safetensors: load it where you trust it, with from_pretrained, and "
                "write it anew with save_pretrained"
            )
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
