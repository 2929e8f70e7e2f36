"""Some texts of the corpus, kept beside a model so that a report can show what it learned."""

import json
from collections.abc import Sequence
from pathlib import Path

from likewise.errors import InputError

__all__ = ["SAMPLE_CHARACTERS", "SAMPLE_TEXTS", "read_sample", "write_sample"]

SAMPLE_TEXTS, SAMPLE_CHARACTERS = 1000, 500  # as many points as a map can show, as much of each as a person reads


def write_sample(path: Path, texts: Sequence[str]) -> None:
    """One JSON object a line, `{"text": ...}`."""
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    # A lone surrogate has no UTF-8: escaped, it is still JSON.
    path.write_text(lines, encoding="utf-8", errors="backslashreplace")


def read_sample(path: Path) -> tuple[str, ...]:
    """The texts that `write_sample` wrote.

    Raises:
        InputError: a line holds something else.
    """
    try:
        texts = tuple(json.loads(line)["text"] for line in path.read_text(encoding="utf-8").split("\n")[:-1])
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a text is no string")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}): restore it from a copy, or remove it") from error
    return texts
