"""From a stream of texts to ids on disk: read once, keep what is distinct, learn the vocabulary, tokenise once."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int64

from likewise.atomic import replacing_file
from likewise.corpus.batch import TextBatch
from likewise.corpus.read import Corpus
from likewise.errors import InputError
from likewise.tokens.compiled import Tokenizer
from likewise.tokens.distinct import SeenTexts, text_hashes
from likewise.tokens.ragged import Ragged
from likewise.tokens.store import TokenWriter, open_tokens
from likewise.tokens.vocabulary import UNKNOWN, learn_reference, vocabulary_size

__all__ = ["CorpusFacts", "Prepared", "prepare"]

SAMPLE_BYTES = 16_000_000  # of text that the vocabulary is learned from: more changes it little
LONGEST_SAMPLED = 100_000  # characters of one text: a single huge line leaves room for the others


@dataclass(frozen=True)
class CorpusFacts:
    """What a corpus turned out to hold.

    Attributes:
        name: of the file or the object.
        texts: distinct texts (pairs, where there are two columns) that training can use.
        duplicates: exact repeats that were left out.
        empty: texts without a word that were left out.
        skipped: rows that could not be read, with `on_error="skip"`.
        tokens: ids of all the texts.
        fingerprint: SHA-256, in hexadecimal, over the hashes of the distinct texts in their order.
    """

    name: str
    texts: int
    duplicates: int
    empty: int
    skipped: int
    tokens: int
    fingerprint: str


@dataclass(frozen=True)
class Prepared:
    """A corpus as training wants it.

    Attributes:
        texts: ids of each text, memory-mapped.
        pairs: ids of what belongs to each text, where the user gave two columns.
        tokenizer: texts to ids, its vocabulary counted.
        texts_with: in how many texts each piece occurs.
        facts: what the corpus held.
    """

    texts: Ragged
    pairs: Ragged | None
    tokenizer: Tokenizer
    texts_with: Int64[np.ndarray, " vocab"]
    facts: CorpusFacts


def prepare(
    corpus: Corpus, work: Path, vocabulary: int | None, *, tell: Callable[[str], None], resume: bool = False
) -> Prepared:
    """Read a corpus and tokenise it into `work`, in bounded memory.

    Args:
        corpus: a stream of texts, read once.
        work: a folder for the ids; the texts are spooled there meanwhile.
        vocabulary: how many pieces at the most; derived from the number of texts if None.
        tell: told of each stage, in a few words.
        resume: use the ids that an earlier run left in `work`, after checking that the corpus is still the same.

    Raises:
        InputError: there are fewer than two distinct texts, or `resume` and the corpus or the vocabulary changed.
    """
    work.mkdir(parents=True, exist_ok=True)
    tell("reading")
    reading = _Reading(work / "spool.arrow")
    reading.read(corpus)
    _refuse_fewer_than_two(corpus.name, reading.kept, reading.duplicates, reading.empty)
    fingerprint = reading.digest.hexdigest()
    done = work / "prepared.json"
    size = vocabulary or vocabulary_size(reading.kept)
    if not (resume and done.exists()):
        tell("learning the vocabulary")
        tokenizer = Tokenizer(learn_reference(reading.sample(), size))
        tell("tokenising")
        facts = _tokenized(reading, tokenizer, work, corpus, fingerprint)
        _refuse_fewer_than_two(corpus.name, facts.texts, facts.duplicates, facts.empty)
        with replacing_file(done) as beside:
            beside.write_text(json.dumps({"size": size, **asdict(facts)}), encoding="utf-8")
    kept = json.loads(done.read_text(encoding="utf-8"))
    if kept.pop("size") != size or kept["fingerprint"] != fingerprint:
        raise InputError(
            f"{corpus.name} or its settings changed since the run in {work} began: resume with what it began with, "
            "or train anew without --resume"
        )
    (work / "spool.arrow").unlink(missing_ok=True)
    return _opened(work, CorpusFacts(**kept))


class _Reading:
    """One pass over the corpus: counts, the distinct texts spooled to disk, a sample for the vocabulary."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.kept, self.duplicates, self.empty = 0, 0, 0
        self.digest = hashlib.sha256()
        self._seen = SeenTexts()
        self._sample: list[tuple[pa.Array, np.ndarray]] = []
        self._sample_bytes, self._threshold = 0, 1 << 64

    def read(self, corpus: Corpus) -> None:
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

    def spooled(self) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(self.spool)) as file, pa.ipc.open_stream(file) as stream:
            yield from stream

    def sample(self) -> Iterator[list[str]]:
        for texts, _ in self._sample:
            yield texts.to_pylist()

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
        texts = pc.utf8_slice_codeunits(texts, 0, LONGEST_SAMPLED)
        taken = hashes < np.uint64(self._threshold - 1)
        self._sample.append((texts.filter(pa.array(taken)), hashes[taken]))
        self._sample_bytes += self._sample[-1][0].nbytes
        while self._sample_bytes > SAMPLE_BYTES and self._threshold > 2:
            self._threshold //= 2
            below = [h < np.uint64(self._threshold) for _, h in self._sample]
            self._sample = [(t.filter(pa.array(b)), h[b]) for (t, h), b in zip(self._sample, below, strict=True)]
            self._sample_bytes = sum(t.nbytes for t, _ in self._sample)


def _tokenized(reading: _Reading, tokenizer: Tokenizer, work: Path, corpus: Corpus, fingerprint: str) -> CorpusFacts:
    vocab, unknown = len(tokenizer.vocabulary), tokenizer.vocabulary.pieces.index(UNKNOWN)
    texts, tokens, without = 0, 0, 0
    with TokenWriter(work / "text0", vocab) as first, TokenWriter(work / "text1", vocab) as second:
        for batch in reading.spooled():
            # The unknown piece is not trained: its row stays zero, so an unknown word changes no vector.
            sides = [tokenizer.encode(column).without(unknown) for column in batch.columns]
            some = np.logical_and.reduce([side.lengths > 0 for side in sides])
            without += int((~some).sum())
            for side, writer in zip(sides, (first, second), strict=False):
                kept = side if some.all() else side.take(np.flatnonzero(some))
                writer.append(kept)
                tokens += len(kept.ids)
            texts += int(some.sum())
        paired = len(batch.columns) == 2
    counts = first.counts + second.counts
    np.save(work / "counts.npy", np.stack([counts, first.texts_with + second.texts_with]))
    tokenizer.save(work / "tokenizer.json")
    if not paired:
        (work / "text1.offsets").unlink()
    return CorpusFacts(
        corpus.name, texts, reading.duplicates, reading.empty + without, corpus.skipped, tokens, fingerprint
    )


def _refuse_fewer_than_two(name: str, texts: int, duplicates: int, empty: int) -> None:
    if texts < 2:
        raise InputError(
            f"{name} holds {texts or 'no'} distinct text{'s' * (texts != 1)} with words ({duplicates:,} repeats, "
            f"{empty:,} empty): contrastive learning needs at least 2"
        )


def _opened(work: Path, facts: CorpusFacts) -> Prepared:
    counts, texts_with = np.load(work / "counts.npy")
    tokenizer = Tokenizer.load(work / "tokenizer.json", counts)
    pairs = open_tokens(work / "text1") if (work / "text1.offsets").exists() else None
    return Prepared(open_tokens(work / "text0"), pairs, tokenizer, texts_with, facts)
