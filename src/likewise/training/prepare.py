"""From a stream of texts to ids on disk: read once, keep what is distinct, learn the vocabulary, tokenise once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, Int64

from likewise.atomic import replacing_file
from likewise.corpus.read import Corpus
from likewise.errors import InputError
from likewise.model.card import SAMPLE_CHARACTERS, SAMPLE_TEXTS
from likewise.tokens.kernels import count_whole
from likewise.tokens.pretrained import PretrainedTokenizer
from likewise.tokens.ragged import Ragged
from likewise.tokens.stems import learn_stems
from likewise.tokens.store import TokenWriter, open_tokens
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, Vocabulary, learn_reference, vocabulary_size
from likewise.training.reading import Reading

__all__ = [
    "FOLDER",
    "KEPT",
    "CorpusFacts",
    "Prepared",
    "prepare",
    "pretokenised",
    "read_whole",
    "refuse_fewer_than_two",
    "store_ids",
    "tokenised",
]


KEPT = "kept.npy"  # which of the texts that were read have words
STORED_TEXTS = 1 << 14  # whose ids become stems at once


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
        texts: ids of each text, memory-mapped; every piece is given by its stem.
        pairs: ids of what belongs to each text, where the user gave two columns.
        tokenizer: texts to ids, its vocabulary counted: a `tokens.compiled.Tokenizer`, or a
            `tokens.pretrained.PretrainedTokenizer`.
        stems: the piece that stands for each piece, as `tokens.stems` learned it.
        vocabulary: the pieces, with how often each is a stem in the corpus.
        texts_with: in how many texts each piece is a stem.
        facts: what the corpus held.
        sample: some of the texts, for the report.
        rewritten: for each paraphraser that views ask for, the ids of the texts as it rewrote them, and of the pairs.
    """

    texts: Ragged
    pairs: Ragged | None
    tokenizer: Any
    stems: Int32[np.ndarray, " vocab"]
    vocabulary: Vocabulary
    texts_with: Int64[np.ndarray, " vocab"]
    facts: CorpusFacts
    sample: tuple[str, ...]
    rewritten: Mapping[str, tuple[Ragged, ...]] = field(default_factory=dict)

    def encoded(self, texts: Any) -> Ragged:
        """The ids of further texts, as those of the corpus are given: by stems, and without unknown pieces."""
        subwords = self.vocabulary.subwords
        found: Ragged = self.tokenizer.encode(texts)
        if isinstance(self.tokenizer, Tokenizer):
            found = found.without(subwords.index(UNKNOWN))
        return Ragged(self.stems[found.ids], found.offsets)

    @property
    def word_stems(self) -> dict[str, str]:
        """Each word that has another form as its stem, and that stem."""
        subwords = self.tokenizer.vocabulary.subwords
        others = np.flatnonzero(self.stems != np.arange(len(self.stems)))
        return {
            subwords[id]: subwords[stem] for id, stem in zip(others.tolist(), self.stems[others].tolist(), strict=True)
        }


def prepare(
    corpus: Corpus, work: Path, vocabulary: int | None, *, log: Callable[[str], None], resume: bool = False
) -> Prepared:
    """Read a corpus and tokenise it into `work`, in bounded memory.

    Args:
        corpus: a stream of texts, read once.
        work: a folder for the ids; the texts are spooled there meanwhile.
        vocabulary: how many pieces at the most; derived from the number of texts if None.
        log: told of each stage, in a few words.
        resume: use the ids that an earlier run left in `work`, after checking that the corpus is still the same.

    Raises:
        InputError: there are fewer than two distinct texts, or `resume` and the corpus or the vocabulary changed.
    """
    reading = read_whole(corpus, work, log=log)
    prepared = tokenised(reading, work, vocabulary or vocabulary_size(reading.kept), log=log, resume=resume)
    reading.close()
    return prepared


def read_whole(corpus: Corpus, work: Path, *, log: Callable[[str], None]) -> Reading:
    """Read a corpus; its distinct texts are spooled to `work` until the reading is closed.

    Raises:
        InputError: there are fewer than two distinct texts.
    """
    work.mkdir(parents=True, exist_ok=True)
    log("reading")
    reading = Reading(work / "spool.arrow")
    reading.read(corpus)
    refuse_fewer_than_two(corpus.name, reading.kept, reading.duplicates, reading.empty)
    return reading


def tokenised(reading: Reading, work: Path, size: int, *, log: Callable[[str], None], resume: bool = False) -> Prepared:
    """Learn a vocabulary of at most `size` pieces and the stems of its words, and tokenise the texts into `work`.

    Args:
        reading: the texts.
        work: a folder for the ids.
        size: of the vocabulary.
        log: told of each stage, in a few words.
        resume: use the ids that an earlier run left in `work`, after checking that the corpus is still the same.

    Raises:
        InputError: fewer than two texts have words, or `resume` and the corpus or the size changed.
    """
    work.mkdir(parents=True, exist_ok=True)
    fingerprint = reading.digest.hexdigest()
    done = work / "prepared.json"
    if not (resume and done.exists()):
        log("learning the vocabulary")
        tokenizer = Tokenizer(learn_reference(reading.sample(), size))
        log("tokenising")
        facts = _tokenised(reading, tokenizer, work)
        refuse_fewer_than_two(facts.name, facts.texts, facts.duplicates, facts.empty)
        with replacing_file(done) as temporary:
            temporary.write_text(json.dumps({"size": size, **asdict(facts)}), encoding="utf-8")
    kept = json.loads(done.read_text(encoding="utf-8"))
    if kept.pop("size") != size or kept["fingerprint"] != fingerprint:
        raise InputError(
            f"{reading.name} or its settings changed since the run in {work} began: resume with what it began with, "
            "or train anew without --resume"
        )
    return _opened(work, CorpusFacts(**kept), reading.some(SAMPLE_TEXTS, SAMPLE_CHARACTERS))


@dataclass(frozen=True)
class Stored:
    """What is known of a corpus once its ids are stored.

    Attributes:
        facts: what the corpus held.
        counts: how often each piece occurs.
        texts_with: in how many texts.
        names: of the stores: that of the texts and, where there are two columns, that of the pairs.
    """

    facts: CorpusFacts
    counts: Int64[np.ndarray, " vocab"]
    texts_with: Int64[np.ndarray, " vocab"]
    names: tuple[str, ...]


def store_ids(reading: Reading, encode: Callable[[Any], Ragged], vocab: int, work: Path) -> Stored:
    """Write the ids of the texts that have any, and which these are.

    Args:
        reading: the texts.
        encode: an Arrow array of texts to their ids.
        vocab: how many different ids there are.
        work: a folder for the ids.
    """
    kept = []
    with TokenWriter(work / "text0", vocab) as first, TokenWriter(work / "text1", vocab) as second:
        for batch in reading.spooled():
            sides = [encode(column) for column in batch.columns]
            some = np.logical_and.reduce([side.lengths > 0 for side in sides])
            kept.append(some)
            for side, writer in zip(sides, (first, second), strict=False):
                writer.append(side if some.all() else side.take(np.flatnonzero(some)))
        paired = len(batch.columns) == 2
    if not paired:
        (work / "text1.offsets").unlink()
    stays = np.concatenate(kept)
    np.save(work / KEPT, stays)
    counts, texts = first.counts + second.counts, int(stays.sum())
    facts = CorpusFacts(
        reading.name, texts, reading.duplicates, reading.empty + len(stays) - texts, reading.skipped, int(counts.sum()),
        reading.digest.hexdigest(),
    )  # fmt: skip
    names = ("text0", "text1") if paired else ("text0",)
    return Stored(facts, counts, first.texts_with + second.texts_with, names)


def _tokenised(reading: Reading, tokenizer: Tokenizer, work: Path) -> CorpusFacts:
    vocabulary = tokenizer.vocabulary
    unknown = vocabulary.subwords.index(UNKNOWN)
    # The unknown piece is not trained: its row stays zero, so an unknown word changes no vector.
    stored = store_ids(reading, lambda texts: tokenizer.encode(texts).without(unknown), len(vocabulary), work)
    whole = np.zeros(len(vocabulary), np.int64)
    for name in stored.names:
        side = open_tokens(work / name)
        count_whole(side.ids, side.offsets, vocabulary.continues, whole)
    stems = learn_stems(vocabulary, whole)
    stemmed = np.sum([_stemmed(work / name, stems) for name in stored.names], axis=0)
    np.save(work / "counts.npy", np.concatenate([np.stack([stored.counts, stems]), stemmed]))
    tokenizer.save(work / "tokenizer.json")
    return stored.facts


def _stemmed(path: Path, stems: Int32[np.ndarray, " vocab"]) -> list[Int64[np.ndarray, " vocab"]]:
    """Put in place of each id that of its stem; how often each occurs then, and in how many texts."""
    texts, temporary = open_tokens(path), path.with_name(f"{path.name}-stems")
    with TokenWriter(temporary, len(stems)) as writer:
        for begin in range(0, len(texts), STORED_TEXTS):
            offsets = texts.offsets[begin : begin + STORED_TEXTS + 1]
            writer.append(Ragged(stems[texts.ids[offsets[0] : offsets[-1]]], offsets - offsets[0]))
    for suffix in (".ids", ".offsets"):
        temporary.with_suffix(suffix).replace(path.with_suffix(suffix))
    return [writer.counts, writer.texts_with]


def refuse_fewer_than_two(name: str, texts: int, duplicates: int, empty: int) -> None:
    """Refuse a corpus in which no text has another to be contrasted with.

    Raises:
        InputError: it has fewer than two distinct texts.
    """
    if texts < 2:
        raise InputError(
            f"{name} holds {texts or 'no'} distinct text{'s' * (texts != 1)} with words ({duplicates:,} repeats, "
            f"{empty:,} empty): contrastive learning needs at least 2"
        )


def _opened(work: Path, facts: CorpusFacts, sample: tuple[str, ...]) -> Prepared:
    counts, stems, stem_counts, texts_with = np.load(work / "counts.npy")
    tokenizer = Tokenizer.load(work / "tokenizer.json", counts)
    pairs = open_tokens(work / "text1") if (work / "text1.offsets").exists() else None
    vocabulary = replace(tokenizer.vocabulary, counts=stem_counts)
    return Prepared(
        open_tokens(work / "text0"), pairs, tokenizer, stems.astype(np.int32), vocabulary, texts_with, facts, sample
    )


FOLDER = "pieces"  # of the ids, in the folder of the run


def pretokenised(
    reading: Reading, tokenizer: PretrainedTokenizer, work: Path, *, log: Callable[[str], None], resume: bool = False
) -> Prepared:
    """Tokenise the texts of a corpus into `work`; no stem stands for a word.

    Args:
        reading: the texts.
        tokenizer: of the encoder.
        work: a folder for the ids.
        log: told of the stage.
        resume: use the ids that an earlier run left, after checking that corpus and tokenizer are still the same.

    Raises:
        InputError: fewer than two texts have a token, or `resume` and the corpus or the tokenizer changed.
    """
    work = work / FOLDER
    work.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(tokenizer.reference.to_str().encode()).hexdigest()
    done = work / "prepared.json"
    if not (resume and done.exists()):
        log("tokenising")
        stored = store_ids(reading, tokenizer.encode, len(tokenizer.vocabulary), work)
        facts = stored.facts
        refuse_fewer_than_two(facts.name, facts.texts, facts.duplicates, facts.empty)
        np.save(work / "counts.npy", np.stack([stored.counts, stored.texts_with]))
        with replacing_file(done) as temporary:
            temporary.write_text(json.dumps({"tokenizer": key, **asdict(facts)}), encoding="utf-8")
    kept = json.loads(done.read_text(encoding="utf-8"))
    if kept.pop("tokenizer") != key or kept["fingerprint"] != reading.digest.hexdigest():
        raise InputError(
            f"{reading.name} or its encoder changed since the run in {work} began: resume with what it began with, "
            "or train anew without --resume"
        )
    counts, texts_with = np.load(work / "counts.npy")
    tokenizer.vocabulary.counts[:] = counts
    pairs = open_tokens(work / "text1") if (work / "text1.offsets").exists() else None
    return Prepared(
        open_tokens(work / "text0"), pairs, tokenizer, np.arange(len(counts), dtype=np.int32), tokenizer.vocabulary,
        texts_with, CorpusFacts(**kept), reading.some(SAMPLE_TEXTS, SAMPLE_CHARACTERS),
    )  # fmt: skip
