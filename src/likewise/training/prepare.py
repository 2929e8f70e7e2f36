"""From the distinct texts of a corpus to ids on disk: vocabulary, stems, and rewritten texts where views need them."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.arrays import Int32, Int64
from likewise.atomic import replacing_file
from likewise.errors import InputError
from likewise.model.card import SAMPLE_CHARACTERS, SAMPLE_TEXTS
from likewise.paraphrase.paraphraser import Rewritten, make_paraphraser, rewrite_corpus
from likewise.tokens.kernels import count_whole
from likewise.tokens.learning import learn_reference
from likewise.tokens.pretrained import PretrainedTokenizer
from likewise.tokens.ragged import Ragged, TokenWriter, open_tokens
from likewise.tokens.stems import learn_stems
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, Vocabulary, vocabulary_size
from likewise.training.reading import Reading, left_out, refuse_fewer_than_two
from likewise.views.spec import rewritings

KEPT = "kept.npy"  # which of the texts that were read have words
STORED_TEXTS = 1 << 14  # whose ids become stems at once
SUBWORDS = "subwords"  # the folder of a transformer's ids, in that of the run
REWRITTEN = "rewritten"  # the folder of rewritten texts

ProgressBar = Callable[[str], Callable[[int, int | None], None]]
"""Begins a progress bar of a name; what it returns takes how many are done, of how many."""


@dataclass(frozen=True)
class CorpusFacts:
    """What a corpus holds.

    Attributes:
        name: of the file or the object.
        texts: distinct texts (pairs, where there are two columns) that training can use.
        duplicates: exact duplicates that were left out.
        empty: texts of white space and invisible characters alone, which were left out.
        unknown: texts left out whose words all have a character that is not in the vocabulary.
        skipped: rows that could not be read, with `on_error="skip"`.
        tokens: ids of all the texts.
        fingerprint: SHA-256, in hexadecimal, over the hashes of the distinct texts, in order.
    """

    name: str
    texts: int
    duplicates: int
    empty: int
    unknown: int
    skipped: int
    tokens: int
    fingerprint: str

    @property
    def left_out(self) -> str:
        """How many texts were left out, and why."""
        return left_out(self.duplicates, self.empty, self.unknown, self.skipped)


@dataclass(frozen=True)
class Prepared:
    """A corpus as ids.

    Attributes:
        texts: ids of each text, memory-mapped; each subword is replaced by its stem.
        pairs: ids of the second column, where the user gave two.
        tokenizer: texts to ids: a `tokens.tokenizer.Tokenizer` or a `tokens.pretrained.PretrainedTokenizer`.
        stems: the subword that stands for each subword, as `tokens.stems` learned it.
        vocabulary: the subwords, with how often each is a stem in the corpus.
        texts_with: in how many texts each subword is a stem.
        facts: what the corpus holds.
        sample: some of the texts, for the report.
        rewritten: for each paraphraser that views need, the ids of the rewritten texts, and of the rewritten pairs.
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
        """The ids of further texts, by stems and without unknown subwords, as those of the corpus."""
        found: Ragged = self.tokenizer.encode(texts)
        if isinstance(self.tokenizer, Tokenizer):
            found = found.without(self.vocabulary.subwords.index(UNKNOWN))
        return Ragged(self.stems[found.ids], found.offsets)

    @property
    def word_stems(self) -> dict[str, str]:
        """The stem of each word that has another form as its stem."""
        subwords = self.tokenizer.vocabulary.subwords
        others = np.flatnonzero(self.stems != np.arange(len(self.stems)))
        return {
            subwords[id]: subwords[stem] for id, stem in zip(others.tolist(), self.stems[others].tolist(), strict=True)
        }


def prepare(
    reading: Reading, work: Path, size: int | None = None, *, log: Callable[[str], None], resume: bool = False
) -> Prepared:
    """Learn a vocabulary and the stems of its words, and tokenise the texts into `work`, in bounded memory.

    Args:
        reading: the texts.
        work: a folder for the ids.
        size: subwords of the vocabulary at most; derived from the number of texts if None.
        log: called with a line at each stage.
        resume: use the ids that an earlier run left in `work`, after a check that the corpus is still the same.

    Raises:
        InputError: fewer than two texts have words, or `resume` and the corpus or the size changed.
    """
    size = size or vocabulary_size(reading.kept)

    def tokenise() -> CorpusFacts:
        log("learning the vocabulary")
        tokenizer = Tokenizer(learn_reference(reading.sample(), size))
        log("tokenising")
        return _store_with_stems(reading, tokenizer, work)

    facts = _done_once(reading, work, {"size": size}, tokenise, resume=resume)
    counts, stems, stem_counts, texts_with = np.load(work / "counts.npy")
    tokenizer = Tokenizer.load(work / "tokenizer.json", counts)
    vocabulary = replace(tokenizer.vocabulary, counts=stem_counts)
    return _opened(reading, work, facts, tokenizer, stems.astype(np.int32), vocabulary, texts_with)


def prepare_with(
    tokenizer: PretrainedTokenizer, reading: Reading, work: Path, *, log: Callable[[str], None], resume: bool = False
) -> Prepared:
    """Tokenise the texts into `work` with the tokenizer of a pretrained encoder; every subword is its own stem.

    Args:
        tokenizer: of the encoder.
        reading: the texts.
        work: a folder for the ids.
        log: called with a line at the stage.
        resume: use the ids that an earlier run left, after a check that corpus and tokenizer are still the same.

    Raises:
        InputError: fewer than two texts have a token, or `resume` and the corpus or the tokenizer changed.
    """

    def tokenise() -> CorpusFacts:
        log("tokenising")
        stored = _store_ids(reading, tokenizer.encode, len(tokenizer.vocabulary), work)
        np.save(work / "counts.npy", np.stack([stored.counts, stored.texts_with]))
        return stored.facts

    key = hashlib.sha256(tokenizer.reference.to_str().encode()).hexdigest()
    facts = _done_once(reading, work, {"tokenizer": key}, tokenise, resume=resume)
    counts, texts_with = np.load(work / "counts.npy")
    tokenizer.vocabulary.counts[:] = counts
    stems = np.arange(len(counts), dtype=np.int32)
    return _opened(reading, work, facts, tokenizer, stems, tokenizer.vocabulary, texts_with)


def add_rewritten(
    prepared: Prepared,
    reading: Reading,
    views: str | Sequence[str] | None,
    *,
    work: Path,
    ids: Path,
    seed: int,
    progress_bar: ProgressBar,
    resume: bool = False,
) -> Prepared:
    """Rewrite the texts, once for each paraphraser that views need, and tokenise the rewritten texts.

    Args:
        prepared: the corpus as ids.
        reading: its texts.
        views: as `views.spec.make_views` takes them.
        work: where the rewritten texts are kept; they do not depend on the tokenizer.
        ids: the folder of the ids of the corpus.
        seed: of everything random in it.
        progress_bar: shows the progress.
        resume: continue with what an earlier run left.

    Raises:
        InputError: a tool is missing.
        LikewiseError: a paraphraser fails; what it has done is kept.
    """
    made: dict[str, tuple[Ragged, ...]] = {}
    sides = [prepared.texts] if prepared.pairs is None else [prepared.texts, prepared.pairs]
    for number, name in enumerate(dict.fromkeys(rewritings(views))):
        paraphraser = make_paraphraser(name)
        stores = []
        for side, texts in enumerate(sides):
            rewritten = rewrite_corpus(
                (batch.column(side) for batch in reading.spooled()), paraphraser, work / REWRITTEN, f"text{side}",
                seed=seed, fingerprint=reading.digest.hexdigest(), total=reading.kept, resume=resume,
                log=progress_bar(name),
            )  # fmt: skip
            stores.append(_store_rewritten(rewritten, prepared, texts, ids, f"text{side}-rewritten{number}"))
        made[name] = tuple(stores)
    return replace(prepared, rewritten=made)


@dataclass(frozen=True)
class _Stored:
    """What is known of a corpus once its ids are stored.

    Attributes:
        facts: what the corpus holds.
        counts: how often each subword occurs.
        texts_with: in how many texts each subword occurs.
        names: of the stores: of the texts and, where there are two columns, of the pairs.
    """

    facts: CorpusFacts
    counts: Int64[np.ndarray, " vocab"]
    texts_with: Int64[np.ndarray, " vocab"]
    names: tuple[str, ...]


def _done_once(
    reading: Reading, work: Path, key: dict[str, Any], tokenise: Callable[[], CorpusFacts], *, resume: bool
) -> CorpusFacts:
    """Tokenise a corpus, or read what an earlier run noted of it once it was done.

    Raises:
        InputError: fewer than two texts have words, or the earlier run had another corpus or another key.
    """
    work.mkdir(parents=True, exist_ok=True)
    done = work / "prepared.json"
    if not (resume and done.exists()):
        facts = tokenise()
        refuse_fewer_than_two(facts.name, facts.texts, facts.left_out)
        with replacing_file(done) as temporary:
            temporary.write_text(json.dumps({"key": key, "facts": asdict(facts)}), encoding="utf-8")
    kept = json.loads(done.read_text(encoding="utf-8"))
    if kept["key"] != key or kept["facts"]["fingerprint"] != reading.digest.hexdigest():
        raise InputError(
            f"{reading.name} or its settings changed since the run in {work} began: resume with the same ones, or "
            "train again without --resume"
        )
    return CorpusFacts(**kept["facts"])


def _opened(
    reading: Reading, work: Path, facts: CorpusFacts, tokenizer: Any, stems: np.ndarray, vocabulary: Vocabulary,
    texts_with: np.ndarray,
) -> Prepared:  # fmt: skip
    pairs = open_tokens(work / "text1") if (work / "text1.offsets").exists() else None
    sample = reading.some(SAMPLE_TEXTS, SAMPLE_CHARACTERS)
    return Prepared(open_tokens(work / "text0"), pairs, tokenizer, stems, vocabulary, texts_with, facts, sample)


def _store_ids(reading: Reading, encode: Callable[[Any], Ragged], vocab: int, work: Path, unknown: int = -1) -> _Stored:
    """Write the ids of the texts that have any but the unknown one, and which texts these are."""
    kept, empty = [], 0
    with TokenWriter(work / "text0", vocab) as first, TokenWriter(work / "text1", vocab) as second:
        for batch in reading.spooled():
            sides = [encode(column) for column in batch.columns]
            empty += int(np.logical_or.reduce([side.lengths == 0 for side in sides]).sum())
            sides = [side.without(unknown) for side in sides]
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
        reading.name, texts, reading.duplicates, reading.empty + empty, len(stays) - texts - empty, reading.skipped,
        int(counts.sum()), reading.digest.hexdigest(),
    )  # fmt: skip
    names = ("text0", "text1") if paired else ("text0",)
    return _Stored(facts, counts, first.texts_with + second.texts_with, names)


def _store_with_stems(reading: Reading, tokenizer: Tokenizer, work: Path) -> CorpusFacts:
    vocabulary = tokenizer.vocabulary
    unknown = vocabulary.subwords.index(UNKNOWN)
    # The unknown subword is not trained: its row stays zero, so an unknown word changes no embedding.
    stored = _store_ids(reading, tokenizer.encode, len(vocabulary), work, unknown)
    whole = np.zeros(len(vocabulary), np.int64)
    for name in stored.names:
        side = open_tokens(work / name)
        count_whole(side.ids, side.offsets, vocabulary.continues, whole)
    stems = learn_stems(vocabulary, whole)
    stemmed = np.sum([_replace_by_stems(work / name, stems) for name in stored.names], axis=0)
    np.save(work / "counts.npy", np.concatenate([np.stack([stored.counts, stems]), stemmed]))
    tokenizer.save(work / "tokenizer.json")
    return stored.facts


def _replace_by_stems(path: Path, stems: Int32[np.ndarray, " vocab"]) -> list[Int64[np.ndarray, " vocab"]]:
    """Replace each id of a store by its stem; how often each then occurs, and in how many texts."""
    texts, temporary = open_tokens(path), path.with_name(f"{path.name}-stems")
    with TokenWriter(temporary, len(stems)) as writer:
        for begin in range(0, len(texts), STORED_TEXTS):
            offsets = texts.offsets[begin : begin + STORED_TEXTS + 1]
            writer.append(Ragged(stems[texts.ids[offsets[0] : offsets[-1]]], offsets - offsets[0]))
    for suffix in (".ids", ".offsets"):
        temporary.with_suffix(suffix).replace(path.with_suffix(suffix))
    return [writer.counts, writer.texts_with]


def _store_rewritten(rewritten: Rewritten, prepared: Prepared, texts: Ragged, ids: Path, name: str) -> Ragged:
    """The ids of the rewritten texts; those of the text itself where its rewritten form has none."""
    kept, vocab = np.load(ids / KEPT), len(prepared.vocabulary)
    with TokenWriter(ids / name, vocab) as writer:
        read, stored = 0, 0
        for array in rewritten.arrays():
            some = np.flatnonzero(kept[read : read + len(array)])
            new = prepared.encoded(array.take(pa.array(some)))
            read += len(array)
            original = texts.slice(stored, stored + len(new))
            stored += len(new)
            rows = np.arange(len(new)) + len(new) * (new.lengths == 0)
            writer.append(Ragged.concatenate([new, original]).take(rows))
    return open_tokens(ids / name)
