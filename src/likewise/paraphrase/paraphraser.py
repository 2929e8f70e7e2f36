"""The interface of a paraphraser, the registry of names, and the corpus that one rewrites once and caches.

Names are `synonyms`, `synonyms:0.5`, `back-translation:eng-spa`. The rewritten texts are cached in parts, so that a
killed run resumes where it stopped.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.atomic import locking, replacing_file
from likewise.errors import InputError, LikewiseError
from likewise.registry import Registry

PART_TEXTS = 2000
PART_BYTES = 1 << 24
STREAM = 21  # the random stream of rewriting: other uses of the same seed have other numbers
RECORD = "record.json"
SCHEMA = pa.schema([("text", pa.large_string())])

PARAPHRASERS = {
    "synonyms": "likewise.paraphrase.synonyms:build_synonyms",
    "back-translation": "likewise.paraphrase.back_translation:build_back_translation",
}
"""The builder of each paraphraser."""

REGISTRY = Registry("likewise.paraphrasers", "paraphraser", "paraphrasers", PARAPHRASERS)


@runtime_checkable
class Paraphraser(Protocol):
    """Rewrites texts so that they keep their meaning.

    Attributes:
        name: identifies everything that the output depends on besides the texts and the random numbers; cached texts
            are reused by a paraphraser of the same name.
    """

    @property
    def name(self) -> str:
        """What the rewritten texts depend on."""
        ...

    def __call__(self, texts: Sequence[str], rng: np.random.Generator, /) -> list[str]:
        """Rewrite each text, in the same order; return a text that cannot be rewritten unchanged."""
        ...


Builder = Callable[[str | None], Paraphraser]
"""Takes what follows the colon of a name, or None. It raises an InputError at once if a tool is missing."""


def make_paraphraser(spec: str) -> Paraphraser:
    """Build the paraphraser of a name.

    Args:
        spec: `name` or `name:argument`, as in `synonyms:0.5`.

    Raises:
        InputError: the name is unknown, the argument is invalid, or a tool is missing.
    """
    name, colon, argument = (part.strip() for part in spec.partition(":"))
    builder: Builder = REGISTRY.load(name)
    return builder(argument if colon else None)


@dataclass(frozen=True)
class Rewritten:
    """A rewritten corpus.

    Attributes:
        folder: the folder of the parts.
        parts: the number of parts.
        texts: the number of texts, equal to that of the corpus.
        unchanged: the number of texts that were not changed.
    """

    folder: Path
    parts: int
    texts: int
    unchanged: int

    def arrays(self) -> Iterator[pa.Array]:
        """Yield the rewritten texts in the order of the corpus, part by part, as `large_string`.

        Raises:
            LikewiseError: a part is missing or damaged.
        """
        for number in range(self.parts):
            path = _part(self.folder, number)
            texts = _read(path)
            if texts is None:
                raise LikewiseError(f"{path} is missing or damaged: rewrite the corpus again, which repairs it")
            yield texts


def rewrite_corpus(
    batches: Iterable[pa.Array],
    paraphraser: Paraphraser,
    folder: Path,
    name: str,
    *,
    seed: int,
    fingerprint: str,
    total: int | None = None,
    resume: bool = False,
    log: Callable[[int, int | None], None] | None = None,
    part_texts: int = PART_TEXTS,
    part_bytes: int = PART_BYTES,
) -> Rewritten:
    """Rewrite every text of a corpus, or reuse the cache of a run with the same paraphraser, seed and corpus.

    The random numbers of a part depend only on the seed and the number of the part, so a resumed run produces the same
    bytes as an uninterrupted one. Memory holds one part and one batch.

    Args:
        batches: the texts, as arrays of strings of any length; null is an empty text.
        paraphraser: rewrites them.
        folder: the cache, with one folder for each name and paraphraser.
        name: identifies these texts, as there may be several columns or copies.
        seed: the seed of the random numbers.
        fingerprint: a hash of the corpus, which depends on the texts and their order.
        total: the number of texts, if known, for `log`.
        resume: refuse a cache of another seed or corpus, instead of replacing it.
        log: called after each part with the number of texts done and the total.
        part_texts: the maximum number of texts of a part.
        part_bytes: the bytes of text at which a part ends.

    Raises:
        InputError: `resume`, and the cache does not fit; or the folder cannot be written.
        LikewiseError: the paraphraser fails, or the disk is full. Finished parts are kept.
    """
    place = folder / f"{name}.{_slug(paraphraser.name)}"
    record = {
        "paraphraser": paraphraser.name,
        "seed": seed,
        "fingerprint": fingerprint,
        "part_texts": part_texts,
        "part_bytes": part_bytes,
    }
    number, done, unchanged = 0, 0, 0
    with locking(place, overwrite=True):  # before minutes are spent on the first part
        _open(place, record, resume=resume)
        for number, texts in enumerate(_parts(batches, part_texts, part_bytes), start=1):
            path = _part(place, number - 1)
            kept = _read(path)
            if kept is None or len(kept) != len(texts):
                kept = _rewritten(texts, paraphraser, np.random.default_rng([seed, STREAM, number - 1]))
                with replacing_file(path) as temporary, pa.ipc.new_file(str(temporary), SCHEMA) as writer:
                    writer.write_batch(pa.record_batch([kept], SCHEMA))
            done += len(texts)
            unchanged += pc.sum(pc.equal(texts, kept)).as_py()
            if log is not None:
                log(done, total)
    return Rewritten(place, number, done, unchanged)


def _open(place: Path, record: dict[str, Any], *, resume: bool) -> None:
    path = place / RECORD
    if path.exists():
        kept = _kept_record(path)
        differing = [key for key, value in record.items() if kept.get(key) != value]
        if not differing:
            return
        if resume:
            names = ", ".join(key.replace("_", " ") for key in differing)
            raise InputError(
                f"the rewritten texts in {place} do not fit this run (other {names}): run without --resume to rewrite "
                "them"
            )
    # Parts of an unknown or another run must not be mistaken for parts of this one.
    for part in place.glob("part-*.arrow"):
        part.unlink()
    with replacing_file(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _kept_record(path: Path) -> dict[str, object]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _rewritten(texts: pa.Array, paraphraser: Paraphraser, rng: np.random.Generator) -> pa.Array:
    rewritten = paraphraser(texts.to_pylist(), rng)
    if len(rewritten) != len(texts):
        raise LikewiseError(
            f"{paraphraser.name} returned {len(rewritten):,} texts for {len(texts):,}: a paraphraser must return one "
            "for each"
        )
    return pa.array(rewritten, pa.large_string())


def _parts(batches: Iterable[pa.Array], part_texts: int, part_bytes: int) -> Iterator[pa.Array]:
    """Regroup the texts into parts that depend only on the texts, not on the batches."""
    pending: list[pa.Array] = []
    rows, size = 0, 0
    for batch in batches:
        texts = pc.fill_null(batch.cast(pa.large_string()), "")
        ends = np.cumsum(np.asarray(pc.binary_length(texts)), dtype=np.int64)
        begin, before = 0, 0
        while begin < len(texts):
            # The text that reaches the size is the last one of the part.
            last = int(np.searchsorted(ends, before + part_bytes - size)) + 1
            stop = min(last, begin + part_texts - rows, len(texts))
            pending.append(texts.slice(begin, stop - begin))
            rows, size = rows + stop - begin, size + int(ends[stop - 1]) - before
            begin, before = stop, int(ends[stop - 1])
            if rows == part_texts or size >= part_bytes:
                yield pa.concat_arrays(pending)
                pending, rows, size = [], 0, 0
    if pending:
        yield pa.concat_arrays(pending)


def _read(path: Path) -> pa.Array | None:
    """Memory-map a part; None if it is missing or damaged."""
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
            batch = reader.get_batch(0)
            batch.validate(full=True)
            return batch.column(0)
    except (OSError, pa.ArrowException):
        return None


def _part(place: Path, number: int) -> Path:
    return place / f"part-{number:06d}.arrow"


def _slug(name: str) -> str:
    """A file name that is valid on any file system and unique for the name."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
