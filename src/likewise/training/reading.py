"""One pass over a corpus: its distinct texts are spooled to disk, counted, and sampled for the vocabulary."""

import hashlib
from collections.abc import Callable, Iterator
from heapq import nsmallest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from likewise.corpus.batch import TextBatch
from likewise.corpus.read import Corpus
from likewise.errors import InputError
from likewise.tokens.distinct import SeenTexts, text_hashes

SAMPLE_BYTES = 16_000_000  # of text the vocabulary is learned from: more changes it little
LONGEST_SAMPLED = 100_000  # characters of one text, so that a single huge line leaves room for the others


class Reading:
    """The distinct texts of a corpus, on disk.

    Args:
        spool: the file that they are written to; `close` removes it.
        sample_bytes: of text at most in the sample.
        longest: characters of one text in the sample.

    Attributes:
        name: of the corpus.
        kept: distinct texts.
        duplicates: exact duplicates, which are left out.
        empty: texts of white space alone, which are left out.
        skipped: rows that could not be read.
        digest: over the hashes of the distinct texts, in order.
    """

    def __init__(self, spool: Path, *, sample_bytes: int = SAMPLE_BYTES, longest: int = LONGEST_SAMPLED) -> None:
        self.spool = spool
        self.name = ""
        self.kept, self.duplicates, self.empty, self.skipped = 0, 0, 0, 0
        self.digest = hashlib.sha256()
        self._seen = SeenTexts()
        self._sample: list[tuple[pa.Array, np.ndarray]] = []
        self._sample_bytes, self._threshold = 0, 1 << 64
        self._limit, self._longest = sample_bytes, longest

    def read(self, corpus: Corpus) -> None:
        """Read a corpus, once."""
        self.name = corpus.name
        schema, writer = None, None
        try:
            for batch in corpus:
                columns = self._distinct(batch)
                if schema is None:
                    schema = pa.schema([(f"text{i}", pa.large_string()) for i in range(len(columns))])
                    writer = pa.OSFile(str(self.spool), "wb")
                    stream = pa.ipc.new_stream(writer, schema)
                stream.write_batch(pa.record_batch(columns, schema))
            if writer is not None:
                stream.close()
        finally:
            if writer is not None:
                writer.close()
        self.skipped = corpus.skipped

    def close(self) -> None:
        """Remove the spool."""
        self.spool.unlink(missing_ok=True)

    def spooled(self) -> Iterator[pa.RecordBatch]:
        """The distinct texts, batch by batch; of two columns, the second holds the pairs."""
        with pa.memory_map(str(self.spool)) as file, pa.ipc.open_stream(file) as stream:
            yield from stream

    def sample(self) -> Iterator[list[str]]:
        """Texts to learn a vocabulary from, as lists."""
        for texts, _ in self._sample:
            yield texts.to_pylist()

    def some(self, texts: int, characters: int) -> tuple[str, ...]:
        """A sample of the distinct texts, drawn by their hashes, each truncated to so many characters."""
        drawn = nsmallest(texts, ((int(h), b, i) for b, (_, hs) in enumerate(self._sample) for i, h in enumerate(hs)))
        return tuple(self._sample[batch][0][place].as_py()[:characters] for _, batch, place in drawn)

    def _distinct(self, batch: TextBatch) -> list[pa.Array]:
        columns = [batch.texts] if batch.pairs is None else [batch.texts, batch.pairs]
        columns = [pc.fill_null(column, "") for column in columns]
        full = [pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0) for column in columns]
        usable = np.logical_and.reduce([np.asarray(mask) for mask in full])
        self.empty += int((~usable).sum())
        columns = [column.filter(pa.array(usable)) for column in columns]
        hashes = text_hashes(columns[0])
        if len(columns) == 2:
            hashes = hashes * np.uint64(0x9E3779B97F4A7C15) ^ text_hashes(columns[1])
        new = self._seen.add(hashes)
        self.duplicates += int((~new).sum())
        columns = [column.filter(pa.array(new)) for column in columns]
        hashes = hashes[new]
        self.kept += len(hashes)
        self.digest.update(hashes.tobytes())
        for column in columns:
            self._add_to_sample(column, hashes)
        return columns

    def _add_to_sample(self, texts: pa.Array, hashes: np.ndarray) -> None:
        # Which texts are in the sample depends on their hashes alone, so the order of the file does not matter much.
        texts = pc.utf8_slice_codeunits(texts, 0, self._longest)
        taken = hashes < np.uint64(self._threshold - 1)
        self._sample.append((texts.filter(pa.array(taken)), hashes[taken]))
        self._sample_bytes += self._sample[-1][0].nbytes
        while self._sample_bytes > self._limit and self._threshold > 2:
            self._threshold //= 2
            below = [h < np.uint64(self._threshold) for _, h in self._sample]
            self._sample = [(t.filter(pa.array(b)), h[b]) for (t, h), b in zip(self._sample, below, strict=True)]
            self._sample_bytes = sum(t.nbytes for t, _ in self._sample)


def read_corpus(corpus: Corpus, work: Path, *, log: Callable[[str], None]) -> Reading:
    """Read a corpus; its distinct texts are spooled to `work` until the reading is closed.

    Raises:
        InputError: there are fewer than two distinct texts.
    """
    work.mkdir(parents=True, exist_ok=True)
    log("reading")
    reading = Reading(work / "spool.arrow")
    reading.read(corpus)
    refuse_fewer_than_two(corpus.name, reading.kept, left_out(reading.duplicates, reading.empty))
    return reading


def left_out(duplicates: int, empty: int, unknown: int = 0, skipped: int = 0) -> str:
    """Format how many texts are left out, and why; texts of unknown characters and unreadable rows are rare."""
    rare = {"of unknown characters alone": unknown, "unreadable rows": skipped}
    parts = [f"{duplicates:,} repeats", f"{empty:,} empty", *(f"{n:,} {why}" for why, n in rare.items() if n)]
    return ", ".join(parts)


def refuse_fewer_than_two(name: str, texts: int, others: str) -> None:
    """Refuse a corpus in which no text has another to be contrasted with.

    Raises:
        InputError: it has fewer than two distinct texts.
    """
    if texts < 2:
        raise InputError(
            f"{name} holds {texts or 'no'} distinct text{'s' * (texts != 1)} with words ({others}): contrastive "
            "learning needs at least 2"
        )
