"""The texts that the benchmarks run on: `.txt`, `.jsonl` and `.tsv` of a folder of evaluation data, `.zst` or not."""

import argparse
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

__all__ = ["add_data", "everything", "lines", "rows", "sentences", "short_texts", "table"]

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
SHORT = (5, 12)  # words of a short text: about ten tokens


def add_data(parser: argparse.ArgumentParser) -> None:
    """The argument that says where the data is."""
    given = os.environ.get("LIKEWISE_DATA")
    parser.add_argument(
        "--data", type=Path, default=given, required=given is None,
        help="folder of the data sets; LIKEWISE_DATA if it is not given",
    )  # fmt: skip


def lines(path: Path) -> list[str]:
    """The lines of a file; `path` is named without `.zst`, and either form is read."""
    if path.exists():
        text = path.read_text(encoding="utf-8")
    else:
        packed = path.with_name(f"{path.name}.zst").read_bytes()
        text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode("utf-8")
    return text.removesuffix("\n").split("\n")  # not splitlines: it breaks at characters that texts contain


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSONL file."""
    return (json.loads(line) for line in lines(path))


def table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a TSV file with a header."""
    header, *body = (line.split("\t") for line in lines(path))
    return (dict(zip(header, row, strict=False)) for row in body)


def short_texts(data: Path, count: int, rng: np.random.Generator) -> list[str]:
    """So many titles, headlines, questions, captions and sentences of 5 to 12 words, mixed; repeated if too few."""
    found = [row["text"] for row in rows(data / "stackoverflow_titles/data.jsonl")]
    for name in ("abc_headlines_20k", "quora_pairs", "askubuntu_dups", "flickr8k_captions"):
        found += lines(data / name / "text.txt")
    if len(found) < 2 * count:
        found += sentences(data, 2 * count)
    short = [text for text in dict.fromkeys(found) if SHORT[0] <= len(text.split()) <= SHORT[1]]
    order = rng.permutation(len(short))
    return [short[order[place % len(order)]] for place in range(count)]


def sentences(data: Path, count: int) -> list[str]:
    """The first so many distinct sentences of the film reviews."""
    found: dict[str, None] = {}
    for review in lines(data / "imdb/unsup.txt"):
        found.update(dict.fromkeys(part for part in SENTENCE_END.split(review) if part.strip()))
        if len(found) >= count:
            return list(found)[:count]
    for row in rows(data / "imdb/data.jsonl"):
        found.update(dict.fromkeys(part for part in SENTENCE_END.split(row["text"]) if part.strip()))
        if len(found) >= count:
            break
    return list(found)[:count]


def everything(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Of each data set, its name and every distinct string that any of its files holds."""
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        found: dict[str, None] = {}
        for path in sorted(folder.iterdir()):
            name = path.with_suffix("") if path.suffix == ".zst" else path
            if name.suffix == ".jsonl":
                for row in rows(name):
                    found.update(dict.fromkeys(value for value in row.values() if isinstance(value, str)))
            elif name.suffix == ".tsv":
                for cells in (line.split("\t") for line in lines(name)):
                    found.update(dict.fromkeys(cells))
            elif name.suffix == ".txt":
                found.update(dict.fromkeys(lines(name)))
        yield folder.name, list(found)
