"""Texts through another language and back: by Apertium here, by a pair of Marian models in `marian.py`."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from likewise.errors import InputError, LikewiseError
from likewise.paraphrase.paraphraser import Paraphraser

__all__ = ["DIRECTION", "ApertiumRoundTrip", "Translator", "build_back_translation", "round_trip"]

DIRECTION = "eng-spa"
INSTALL = "apt install apertium apertium-eng-spa"
BETWEEN_MODELS = "|"

LINES = 2000  # that one process translates: starting it takes as long as translating a hundred
CHARACTERS = 400_000
SECONDS = 60.0  # that a process may take in any case, on a machine busy with something else
SECONDS_A_CHARACTER = 0.005  # and for each character: a hundred times what it takes
LISTING_SECONDS = 30.0

WORD = re.compile(r"[^\W\d_]")
PAIR = re.compile(r"(\w+)-(\w+)", re.ASCII)
ENDS_SENTENCE = (".", "!", "?")

Translator = Callable[[Sequence[str]], list[str]]
"""Takes texts of one line each, none of them empty, and gives as many; one that it cannot translate is empty."""


def build_back_translation(argument: str | None) -> Paraphraser:
    """Back-translation by Apertium or by two Marian models.

    Args:
        argument: the direction of a pair of languages of Apertium, as in `eng-spa`, which is taken if it is None; or
            the folders of two Marian models, there and back, as in `opus-en-de|opus-de-en`.

    Raises:
        InputError: Apertium or the pair is not installed, or a folder holds no such model.
    """
    if argument is not None and BETWEEN_MODELS in argument:
        from likewise.paraphrase.marian import MarianRoundTrip

        return MarianRoundTrip(*(folder.strip() for folder in argument.split(BETWEEN_MODELS, maxsplit=1)))
    return ApertiumRoundTrip(DIRECTION if argument is None else argument)


class ApertiumRoundTrip:
    """Back-translation by Apertium, a program that translates by rules: it runs on any machine and always the same way.

    Args:
        direction: how Apertium calls the way there, as in `eng-spa`; the way back is `spa-eng`.

    Raises:
        InputError: Apertium or one of the two directions is not installed.
    """

    def __init__(self, direction: str = DIRECTION) -> None:
        found = PAIR.fullmatch(direction)
        if found is None:
            raise InputError(
                f"back-translation:{direction}: expected two languages of Apertium, as in {DIRECTION}, or the folders "
                f"of two Marian models, as in PATH{BETWEEN_MODELS}PATH"
            )
        self.directions = (direction, f"{found[2]}-{found[1]}")
        self.name = f"back-translation:{direction}"
        installed = _installed_directions()
        for each in self.directions:
            if each not in installed:
                raise InputError(
                    f"Apertium cannot translate {each} here: install the pair of languages ({INSTALL}), or choose from "
                    f"{', '.join(installed) or 'none'}"
                )

    def __call__(self, texts: Sequence[str], rng: np.random.Generator) -> list[str]:
        """The texts, there and back; nothing is drawn."""
        return round_trip(texts, [Direction(each) for each in self.directions])


@dataclass(frozen=True)
class Direction:
    """One direction of Apertium.

    Attributes:
        name: as Apertium calls it.
    """

    name: str

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """The translations of texts of one line each.

        Raises:
            LikewiseError: Apertium fails, takes too long, or gives another number of lines than it got.
        """
        return [line for some in _batches(texts) for line in self._translated(some)]

    def _translated(self, lines: Sequence[str]) -> list[str]:
        # A line without an end takes words from the next one, whatever the options: it is given an end of its own.
        ended = [line if line.endswith(ENDS_SENTENCE) else f"{line} ." for line in lines]
        command = ["apertium", "-u", "-f", "txt", self.name]
        seconds = SECONDS + SECONDS_A_CHARACTER * sum(map(len, ended))
        returned = _run(command, "\n".join(ended) + "\n", seconds).split("\n")[:-1]
        if len(returned) != len(lines):
            raise LikewiseError(
                f"Apertium lost its place: {self.name} was given {len(lines):,} lines and returned {len(returned):,}"
            )
        clean = (" ".join(line.split()) for line in returned)
        return [
            new if old.endswith(ENDS_SENTENCE) else new.removesuffix(".").rstrip()
            for old, new in zip(lines, clean, strict=True)
        ]


def round_trip(texts: Sequence[str], directions: Sequence[Translator]) -> list[str]:
    """Texts through translators, one after the other.

    White space is collapsed on the way, as a translator takes a line for a text. A text without a letter, one of which
    nothing is left, and one that comes back with the same words are what they were; a first letter in lower case
    stays in lower case.
    """
    rewritten = list(texts)
    rows = [row for row, text in enumerate(texts) if WORD.search(text)]
    lines = [_one_line(texts[row]) for row in rows]
    for translate in directions:
        # What comes out empty on the way there has nothing to come back from, so it is not sent.
        some = [place for place, line in enumerate(lines) if line]
        for place, line in zip(some, translate([lines[place] for place in some]), strict=True):
            lines[place] = line
    for row, line in zip(rows, lines, strict=True):
        original = _one_line(texts[row])
        back = line[:1].lower() + line[1:] if original[0].islower() else line
        if back and back != original:
            rewritten[row] = back
    return rewritten


def _one_line(text: str) -> str:
    # A control character is white space too: what a translator does with one, nobody has written down.
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text).split())


def _batches(lines: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == LINES or size + len(line) > CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _installed_directions() -> list[str]:
    if shutil.which("apertium") is None:
        raise InputError(f"back-translation needs Apertium, which is not on this machine: {INSTALL}")
    return _run(["apertium", "-l"], "", LISTING_SECONDS).split()


def _run(command: Sequence[str], given: str, seconds: float) -> str:
    # Apertium is a script that starts a row of programs: they are a group of their own, so that all can be ended.
    process = subprocess.Popen(  # noqa: S603 - the words are ours, and a direction is made of letters
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    told = " ".join(command)
    try:
        out, errors = process.communicate(given.encode("utf-8", "replace"), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise LikewiseError(f"`{told}` was ended, as it had not finished after {seconds:,.0f} seconds") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        said = " ".join(errors.decode("utf-8", "replace").split())[:200]
        raise LikewiseError(f"`{told}` failed with code {process.returncode}: {said or 'it gave no reason'}")
    return out.decode("utf-8", "replace")
