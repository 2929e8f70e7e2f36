"""A static student that encodes queries in the space of a transformer, so that a search needs no transformer.

Documents keep the transformer's vectors, so the student has to reproduce those of queries in the same space, dimension
by dimension, as in LEAF (Vujanic and Rueckstiess 2025). Queries are short and not known, so they are made: spans of the
texts, and spans with words of the transformer's own vocabulary among them, for queries have words that no text has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likewise.arrays import Float32, Int64
from likewise.encoders.lsa import log_idf, powered
from likewise.encoders.static import StaticEncoder
from likewise.losses.distillation import distillation_loss
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.tokens.learning import learn_reference
from likewise.tokens.pretrained import PretrainedTokenizer
from likewise.tokens.scripts import is_run
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, reference_of, vocabulary_size
from likewise.training.distill import LONGEST, LONGEST_CHARACTERS, Teacher
from likewise.training.progress import Messages, versions
from likewise.training.reading import Reading
from likewise.training.schedule import Purpose, Schedule, batch_indices, random_stream
from likewise.training.student import DistillationData

MADE, MADE_OF_A_TEXT = 18_000, 100  # made queries, at most
TEXTS = 2_000  # beginnings of texts that are learned too, at most
WORDS = 30_000  # of the transformer's vocabulary, at most
SPAN, SHORT_SPAN, ADDED = (3, 16), (2, 8), (1, 3)  # words: of a span, of one with other words, and of those
WORD_CHARACTERS = 15  # on average, from which on white space does not separate words, and a span is of characters
IDF_POWER = 0.7
ROUNDS, BATCH, LEARNING_RATE = 10, 256, 0.1
HELD_OUT, NEAREST = 500, 10
VECTORS = "queries.vectors"


@dataclass(frozen=True)
class MadeQueries:
    """What a student of queries learns from.

    Attributes:
        tokenizer: with the subwords of the corpus, then the transformer's words that are not among them.
        weights: of each subword, before training.
        beginnings: of texts.
        queries: made ones, distinct.
    """

    tokenizer: Tokenizer
    weights: Float32[np.ndarray, " vocab"]
    beginnings: list[str]
    queries: list[str]


def make_queries(reading: Reading, transformer: PretrainedTokenizer, seed: int) -> MadeQueries:
    """Make queries of a corpus, in one pass.

    Args:
        reading: the corpus.
        transformer: its tokenizer.
        seed: of everything random.
    """
    vocabulary = learn_reference(reading.sample(), vocabulary_size(reading.kept)).get_vocab()
    of_corpus = sorted(vocabulary, key=vocabulary.__getitem__)
    words = further_words(transformer, of_corpus)
    tokenizer = Tokenizer(reference_of([*of_corpus, *words]))
    rng = random_stream(seed, Purpose.MADE_QUERIES)
    drawn = np.sort(rng.integers(reading.kept, size=min(MADE, MADE_OF_A_TEXT * reading.kept)))
    begun = np.sort(rng.permutation(reading.kept)[:TEXTS])
    texts_with = np.zeros(len(tokenizer.vocabulary), np.int64)
    queries: list[str] = []
    beginnings: list[str] = []
    first = 0
    for batch in reading.spooled():
        columns = [column.to_pylist() for column in batch.columns]
        texts = [" ".join(sides) for sides in zip(*columns, strict=True)]
        texts_with += _texts_with(tokenizer, texts)
        queries += [_made(texts[place], words, rng) for place in _within(drawn, first, len(texts))]
        begun_here = [texts[place].split()[:LONGEST] for place in _within(begun, first, len(texts))]
        beginnings += [" ".join(units)[:LONGEST_CHARACTERS] for units in begun_here]
        first += len(texts)
    weights = _start_weights(texts_with, reading.kept, len(of_corpus))
    weights[tokenizer.vocabulary.subwords.index(UNKNOWN)] = 0
    return MadeQueries(tokenizer, weights, beginnings, list(dict.fromkeys(queries)))


def further_words(transformer: PretrainedTokenizer, known: Sequence[str]) -> list[str]:
    """The whole words of a transformer's vocabulary in lower case that are not known, in its order.

    Args:
        transformer: its tokenizer.
        known: subwords.
    """
    found: dict[str, None] = {}
    without = set(known)
    for id in np.flatnonzero(~transformer.vocabulary.continues).tolist():
        word = transformer.reference.decode([id]).strip().lower()
        if len(word) > 1 and word.isalpha() and not is_run(word) and word not in without:
            found[word] = None
    return list(found)[:WORDS]


def query_student(
    made: MadeQueries, teacher: Teacher, work: Path, messages: Messages, seed: int
) -> tuple[Model, dict[str, float]]:
    """Train a student to give queries the vectors that a transformer gives them.

    Args:
        made: what it learns from.
        teacher: the transformer.
        work: a folder, in which the teacher's vectors are kept for a run that is resumed.
        messages: what the user sees.
        seed: of everything random.

    Returns:
        The student, and how well it agrees with the transformer on made queries that were held out: the mean cosine,
        and the share of a query's ten nearest texts that is the same.
    """
    tokenizer, known = made.tokenizer, len(made.beginnings)
    subwords = [subword.removeprefix("##") for subword in tokenizer.vocabulary.subwords]
    texts = [*made.beginnings, *made.queries]
    messages.log(
        f"distilling a static student of queries: {teacher.name} encodes {len(made.queries):,} made queries, {known:,} "
        f"texts and {len(subwords):,} words"
    )
    count = messages.counter("queries", len(texts) + len(subwords))
    vectors = teacher.encode_to(work / VECTORS, [*texts, *subwords], count)
    messages.stop_bar()
    of_texts, of_subwords = np.array(vectors[: len(texts)]), vectors[len(texts) :]
    ids = tokenizer.encode(texts).without(tokenizer.vocabulary.subwords.index(UNKNOWN))
    data = DistillationData(ids, of_texts)
    rng = random_stream(seed, Purpose.MADE_QUERIES_ORDER)
    order = known + rng.permutation(len(made.queries))
    held_out = data.take(order[: min(HELD_OUT, len(order) // 10)]).known()
    learned = data.take(np.concatenate([np.arange(known), order[min(HELD_OUT, len(order) // 10) :]])).known()
    encoder = StaticEncoder((of_subwords * made.weights[:, None]).astype(np.float32))
    size = min(BATCH, max(1, len(learned) // 8))
    batches = [rows for _ in range(ROUNDS) for rows in batch_indices(len(learned), size, rng)]
    schedule = Schedule(LEARNING_RATE, len(batches))
    for number, rows in enumerate(batches):
        some = learned.take(rows)
        embeddings, tape = encoder.forward(some.ids)
        encoder.backward(tape, distillation_loss(embeddings, some.targets).students)
        encoder.step(schedule(number))
    scores = _agreement(encoder, held_out, of_texts[:known])
    messages.fact(
        f"queries: on {len(held_out):,} made queries that were held out, the student's vectors have a cosine of "
        f"{scores['queries, cosine']:.2f} with the transformer's and the same nearest texts in "
        f"{scores['queries, nearest texts']:.0%} of {NEAREST}"
    )
    card = Card({"start": "teacher", "teacher": teacher.name, "seed": seed}, scores=scores, versions=versions())
    return Model(tokenizer, encoder, card), scores


def _within(places: Int64[np.ndarray, " places"], first: int, count: int) -> list[int]:
    """Those of ascending places that lie among `count` from `first` on, counted from there."""
    begin, end = np.searchsorted(places, [first, first + count])
    found: list[int] = (places[begin:end] - first).tolist()
    return found


def _texts_with(tokenizer: Tokenizer, texts: list[str]) -> Int64[np.ndarray, " vocab"]:
    """In how many texts each subword occurs."""
    ids, vocab = tokenizer.encode(texts), len(tokenizer.vocabulary)
    pairs = np.unique(np.repeat(np.arange(len(texts)), ids.lengths) * vocab + ids.ids)
    return np.bincount(pairs % vocab, minlength=vocab).astype(np.int64)


def _start_weights(
    texts_with: Int64[np.ndarray, " vocab"], texts: int, of_corpus: int
) -> Float32[np.ndarray, " vocab"]:
    """Log-IDF to a power; of a word of the transformer that no text has, by its place in the transformer's vocabulary.

    Vocabularies begin with what is frequent, as Zipf's law orders words.
    """
    weights = powered(log_idf(texts_with, texts), IDF_POWER).astype(np.float32)
    others = len(weights) - of_corpus
    ranks = np.log(2.0 + np.arange(others)) / np.log(2.0 + others)
    usual = float(np.median(weights[:of_corpus]))
    absent = texts_with[of_corpus:] == 0
    weights[of_corpus:] = np.where(absent, usual * ranks, weights[of_corpus:])
    return weights


def _made(text: str, words: Sequence[str], rng: np.random.Generator) -> str:
    """A span of a text or, half of the time, a shorter one with words among its own."""
    units = text.split()
    spaced = len(text) <= WORD_CHARACTERS * len(units)
    if not spaced:
        units = list(text)
    if not spaced or not words or rng.random() < 0.5:
        return (" " if spaced else "").join(_span(units, SPAN, rng))
    span = _span(units, SHORT_SPAN, rng)
    for _ in range(int(rng.integers(ADDED[0], ADDED[1] + 1))):
        # Half of them from what is frequent: places with a density that falls as Zipf's law has it.
        place = rng.random() if rng.random() < 0.5 else len(words) ** (rng.random() - 1)
        span.insert(int(rng.integers(len(span) + 1)), words[int(place * len(words))])
    return " ".join(span)


def _span(units: list[str], lengths: tuple[int, int], rng: np.random.Generator) -> list[str]:
    length = min(int(rng.integers(lengths[0], lengths[1] + 1)), len(units))
    begin = int(rng.integers(0, len(units) - length + 1))
    return units[begin : begin + length]


def _agreement(
    encoder: StaticEncoder, held_out: DistillationData, texts: Float32[np.ndarray, "texts dim"]
) -> dict[str, float]:
    found = encoder.encode(held_out.ids)
    k = min(NEAREST, len(texts))
    nearest = [np.argpartition(-(side @ texts.T), k - 1, axis=1)[:, :k] for side in (found, held_out.targets)]
    same = [len(np.intersect1d(one, other)) / k for one, other in zip(*nearest, strict=True)]
    cosines = np.sum(found * held_out.targets, axis=1)
    return {"queries, cosine": float(np.mean(cosines)), "queries, nearest texts": float(np.mean(same))}
