"""A corpus rewritten once and kept: in parts, so that a run that was killed goes on where it was."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.atomic import refuse_existing, replacing_file
from likewise.errors import InputError, LikewiseError
from likewise.paraphrase.paraphraser import Paraphraser

__all__ = ["Rewritten", "rewrite_corpus"]

PART_TEXTS = 2000
PART_BYTES = 1 << 24
PURPOSE = 21  # keeps the random numbers apart from those that others draw with the same seed
RECORD = "record.json"

SCHEMA = pa.schema([("text", pa.large_string())])


@dataclass(frozen=True)
class Record:
    """What the texts of a cache depend on.

    Attributes:
        paraphraser: its name.
        seed: of the random numbers.
        fingerprint: of the corpus.
        part_texts: how many texts a part holds at the most.
        part_bytes: how many bytes of text end a part.
    """

    paraphraser: str
    seed: int
    fingerprint: str
    part_texts: int
    part_bytes: int


@dataclass(frozen=True)
class Rewritten:
    """A corpus that was rewritten.

    Attributes:
        folder: where the parts are.
        parts: how many there are.
        texts: how many there are in all, which is as many as the corpus has.
        unchanged: texts that came back as they were.
    """

    folder: Path
    parts: int
    texts: int
    unchanged: int

    def arrays(self) -> Iterator[pa.Array]:
        """The rewritten texts in the order of the corpus, a part at a time, as `large_string`.

        Raises:
            LikewiseError: a part is not there any more, or not whole.
        """
        for number in range(self.parts):
            path = _part(self.folder, number)
            texts = _read(path)
            if texts is None:
                raise LikewiseError(f"{path} is missing or damaged: rewrite the corpus again, which mends it")
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
) -> Rewritten:
    """Rewrite every text of a corpus, or take what an earlier run with the same paraphraser, seed and corpus has kept.

    What is drawn for a part depends on the seed and the number of the part alone: a run that goes on ends with the same
    bytes as one that was never killed. Memory holds one part and one batch.

    Args:
        batches: the texts, as arrays of strings of any length; a missing text counts as an empty one.
        paraphraser: rewrites them.
        folder: of all that is kept; each name and paraphraser has a folder of its own in it.
        name: of these texts, as there may be several columns or copies.
        seed: of the random numbers.
        fingerprint: of the corpus: other texts, or the same ones in another order, have another one.
        total: how many texts there are, if that is known; `log` is told.
        resume: refuse what is kept for another seed or corpus, instead of making it anew.
        log: is told after each part how many texts are done, and the total.

    Raises:
        InputError: `resume`, and what is kept does not fit; or the folder cannot be written.
        LikewiseError: the paraphraser fails, or the disk is full. The parts that are done stay.
    """
    place = folder / f"{name}.{_slug(paraphraser.name)}"
    _open(place, Record(paraphraser.name, seed, fingerprint, PART_TEXTS, PART_BYTES), resume=resume)
    number, done, unchanged = 0, 0, 0
    for number, texts in enumerate(_parts(batches), start=1):
        path = _part(place, number - 1)
        kept = _read(path)
        if kept is None or len(kept) != len(texts):
            kept = _rewritten(texts, paraphraser, np.random.default_rng([seed, PURPOSE, number - 1]))
            with replacing_file(path) as beside, pa.ipc.new_file(str(beside), SCHEMA) as writer:
                writer.write_batch(pa.record_batch([kept], SCHEMA))
        done += len(texts)
        unchanged += pc.sum(pc.equal(texts, kept)).as_py()
        if log is not None:
            log(done, total)
    return Rewritten(place, number, done, unchanged)


def _open(place: Path, record: Record, *, resume: bool) -> None:
    refuse_existing(place, overwrite=True)  # before the first part takes its minutes
    path = place / RECORD
    if path.exists():
        kept = _kept_record(path)
        differing = [key for key, value in asdict(record).items() if kept.get(key) != value]
        if not differing:
            return
        if resume:
            said = ", ".join(key.replace("_", " ") for key in differing)
            raise InputError(
                f"the rewritten texts in {place} do not fit this run (other {said}): run without --resume to rewrite "
                "them anew"
            )
    # Parts of which nobody can say what they were made of are no use, and would be taken for ours.
    for part in place.glob("part-*.arrow"):
        part.unlink()
    with replacing_file(path) as beside:
        beside.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


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
            f"{paraphraser.name} gave {len(rewritten):,} texts for {len(texts):,}: a paraphraser must give one for each"
        )
    return pa.array(rewritten, pa.large_string())


def _parts(batches: Iterable[pa.Array]) -> Iterator[pa.Array]:
    """The texts in parts whose ends depend on the texts alone, and not on how they were batched."""
    pending: list[pa.Array] = []
    rows, size = 0, 0
    for batch in batches:
        texts = pc.fill_null(batch.cast(pa.large_string()), "")
        ends = np.cumsum(np.asarray(pc.binary_length(texts)), dtype=np.int64)
        begin, before = 0, 0
        while begin < len(texts):
            # The text that fills a part is the last one in it.
            last = int(np.searchsorted(ends, before + PART_BYTES - size)) + 1
            stop = min(last, begin + PART_TEXTS - rows, len(texts))
            pending.append(texts.slice(begin, stop - begin))
            rows, size = rows + stop - begin, size + int(ends[stop - 1]) - before
            begin, before = stop, int(ends[stop - 1])
            if rows == PART_TEXTS or size >= PART_BYTES:
                yield pa.concat_arrays(pending)
                pending, rows, size = [], 0, 0
    if pending:
        yield pa.concat_arrays(pending)


def _read(path: Path) -> pa.Array | None:
    """A part, memory-mapped; None if it is not there or not whole."""
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
    """A name that any file system takes, and that tells paraphrasers apart."""
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
