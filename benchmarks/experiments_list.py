"""The experiments: each changes one thing against the default recipe, and says how well what came out is searched."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from experiments_default import default, finished, learned, porter, unstemmed
from experiments_ground import DIM, Found, Ground, Lab, pooled
from experiments_training import HalfFrozen, Widened, from_lsa, learned_lengths, trained, two_tables

from likewise.encoders.concatenation import length_prior_of, scaled
from likewise.encoders.lsa import powered
from likewise.encoders.static import StaticEncoder

__all__ = ["EXPERIMENTS", "Experiment", "as_is", "learned"]

Experiment = Callable[[Ground, int], Found]


def as_is(ground: Ground, seed: int) -> Found:
    """The default."""
    return finished(*default(ground, seed))


def setting(**changes: Any) -> Experiment:
    """Other settings of the recipe; `epochs` is a factor."""

    def run(ground: Ground, seed: int) -> Found:
        lab = learned(ground)
        settings = lab.settings(seed, **changes)
        if "epochs" in changes:
            settings = replace(settings, epochs=max(1, round(changes["epochs"] * ground.epochs)))
        if "batch" in changes:
            settings = replace(settings, batch=min(changes["batch"], lab.prepared.facts.texts // 8))
        return finished(lab, settings, trained(lab, settings))

    return run


def beside(**shares: float) -> Experiment:
    """Other parts beside the trained one, which is as it is."""

    def run(ground: Ground, seed: int) -> Found:
        lab, settings, encoder = default(ground, seed)
        return finished(lab, replace(settings, **shares), encoder)

    return run


def long_without_latent(ground: Ground, seed: int) -> Found:
    """The latent part left out of vectors of 1,536 numbers, of which it has 128."""
    lab = learned(ground)
    settings = lab.settings(seed, dim=1536)
    return finished(lab, replace(settings, lsa_weight=0.0), trained(lab, settings))


def searched(**search: Any) -> Experiment:
    """Another search with the same encoder."""
    return lambda ground, seed: finished(*default(ground, seed), **search)


def only_lexical(ground: Ground, seed: int) -> Found:
    """Random rows alone, as many numbers as the default has."""
    lab = learned(ground)
    examples = lab.examples(lab.settings(seed))
    return lab.found(StaticEncoder.random(examples.start_weights, DIM, examples.rng(9)))


def only_latent(ground: Ground, seed: int) -> Found:
    """Latent semantic analysis alone, 128 numbers."""
    lab = learned(ground)
    return lab.found(lab.examples(lab.settings(seed)).lsa())


def other_stems(lab_of: Callable[[Ground], Lab]) -> Experiment:
    """The default recipe under other stems."""

    def run(ground: Ground, seed: int) -> Found:
        lab = lab_of(ground)
        return finished(lab, lab.settings(seed), trained(lab, lab.settings(seed)))

    return run


def fewer_pieces(share: float) -> Experiment:
    """A vocabulary of such a share of the pieces."""

    def run(ground: Ground, seed: int) -> Found:
        size = max(1000, round(share * len(learned(ground).prepared.stems)))
        return other_stems(lambda same: learned(same, size))(ground, seed)

    return run


def shared_rows(names: Callable[[str, str], list[str]]) -> Experiment:
    """In place of stems, rows that pieces share beside their own; the names of both come of the piece and its stem."""

    def run(ground: Ground, seed: int) -> Found:
        lab, stems = unstemmed(ground), learned(ground).prepared.stems
        settings, subwords = lab.settings(seed), lab.prepared.tokenizer.vocabulary.subwords
        examples = lab.examples(settings)
        shared = [names(piece, subwords[stem]) for piece, stem in zip(subwords, stems, strict=True)]
        encoder = Widened(lab, shared, examples.untrained().dim, examples.rng(4))
        trained(lab, settings, encoder)
        return finished(lab, settings, encoder.folded())

    return run


def stem_row(piece: str, stem: str) -> list[str]:
    """The piece, and its stem."""
    return [piece, f"stem {stem}"]


def prefix_rows(piece: str, _: str) -> list[str]:
    """The piece, and its first 4, 5 and 6 letters."""
    return [piece, *(f"front {piece[:n]}" for n in (4, 5, 6) if piece.isalpha() and len(piece) >= n)]


def gram_rows(piece: str, _: str) -> list[str]:
    """The piece, and all runs of 4 characters of it, its ends among them."""
    ended = f"<{piece}>"
    grams = [ended[at : at + 4] for at in range(len(ended) - 3)] if piece.isalpha() else []
    return [piece, *(f"gram {gram}" for gram in grams)]


def start_at_log1p(ground: Ground, seed: int) -> Found:
    """Start weights log(1 + n / df), which leave 0.7 to a word of every text."""
    lab = learned(ground)
    settings, texts = lab.settings(seed), lab.prepared.facts.texts
    examples, seen = lab.examples(settings), lab.prepared.texts_with
    weights = np.where(seen > 0, np.log1p(texts / np.maximum(seen, 1)), 0.0).astype(np.float32)
    start = StaticEncoder.random(powered(weights, 1.0), examples.untrained().dim, examples.rng(4))
    return finished(lab, settings, trained(lab, settings, start))


def start_at_lsa(ground: Ground, seed: int) -> Found:
    """Singular rows in place of random ones."""
    lab = learned(ground)
    settings = lab.settings(seed)
    return finished(lab, settings, trained(lab, settings, from_lsa(lab, settings)))


def with_start(share: float) -> Experiment:
    """The start, times a share, added to the trained rows."""

    def run(ground: Ground, seed: int) -> Found:
        lab, settings, encoder = default(ground, seed)
        start = lab.examples(settings).untrained().weights
        return finished(lab, settings, StaticEncoder(encoder.weights + np.float32(share) * start))

    return run


def lexical_while_training(ground: Ground, seed: int) -> Found:
    """The lexical part beside the trained one already in training, where it stays as it is."""
    lab = learned(ground)
    settings = lab.settings(seed)
    examples = lab.examples(settings)
    start = examples.untrained()
    whole = lab.examples(replace(settings, lsa_weight=0.0)).finished(start)
    scale = np.linalg.norm(start.weights) / np.linalg.norm(whole.weights[:, : start.dim])
    encoder = trained(lab, settings, HalfFrozen(whole.weights * np.float32(scale), start.dim))
    return finished(lab, replace(settings, lexical_weight=0.0), StaticEncoder(encoder.weights))


def lexical_of_learned_lengths(ground: Ground, seed: int) -> Found:
    """The rows of the lexical part as long as contrastive training makes them, which leaves their directions alone."""
    lab, settings, encoder = default(ground, seed)
    examples = lab.examples(settings)
    whole = examples.finished(encoder)
    begin, dim, _ = whole.documents.dims
    rows = StaticEncoder.random(learned_lengths(lab, settings), dim, examples.rng(9))
    part = scaled(rows, examples.task.clozes[0].anchors)
    whole.weights[:, begin : begin + dim] = np.float32(settings.lexical_weight) * part.weights
    length_prior = settings.lexical_weight**2 * length_prior_of(part, lab.documents.slice(0, 2_000))
    return lab.found(StaticEncoder(whole.weights, replace(whole.documents, length_priors=(0.0, length_prior, 0.0))))


def of_two_tables(ground: Ground, seed: int) -> Found:
    """One table for anchors and one for positives, as in word2vec; the first is the trained part."""
    lab = learned(ground)
    settings = lab.settings(seed)
    return finished(lab, settings, two_tables(lab, settings))


def three_seeds(ground: Ground, seed: int) -> Found:
    """Three runs with rows of a third of the length, side by side."""
    lab = learned(ground)
    settings = lab.settings(seed)
    examples = lab.examples(settings)
    length, encoders = examples.untrained().dim // 3, []
    for run in range(3):
        start = StaticEncoder.random(examples.start_weights, length, np.random.default_rng([seed, 4, run]))
        encoders.append(trained(lab, settings, start, order=run))
    return finished(lab, settings, StaticEncoder(np.concatenate([one.weights for one in encoders], axis=1)))


def averaged(ground: Ground, seed: int) -> Found:
    """The mean of the states of the last third."""
    lab = learned(ground)
    return finished(lab, lab.settings(seed), trained(lab, lab.settings(seed), averaged=True))


EXPERIMENTS: dict[str, dict[str, Experiment]] = {
    "stems": {
        "no stems": other_stems(unstemmed),
        "Porter's stems": other_stems(lambda ground: ground.lab("Porter", porter)),
        "a row for the word and one for its stem": shared_rows(stem_row),
        "rows of the first 4 to 6 letters": shared_rows(prefix_rows),
        "rows of runs of 4 characters": shared_rows(gram_rows),
        "0.3 of the vocabulary": fewer_pieces(0.3),
    },
    "parts": {
        "lexical part alone": only_lexical,
        "latent part alone": only_latent,
        "no part beside, a third as long": beside(lexical_weight=0.0, lsa_weight=0.0),
        "no part beside, as long": setting(lexical_weight=0.0, lsa_weight=0.0),
        "no lexical part": beside(lexical_weight=0.0),
        "no latent part": beside(lsa_weight=0.0),
        "lexical 0.6": beside(lexical_weight=0.6),
        "lexical 2": beside(lexical_weight=2.0),
        "latent 1": beside(lsa_weight=1.0),
        "lexical rows of learned lengths": lexical_of_learned_lengths,
        "lexical part while training": lexical_while_training,
        "0.3 of the start added": with_start(0.3),
    },
    "documents": {
        "as all texts": searched(documents=StaticEncoder.encode),
        "repeats count in full": searched(documents=partial(pooled, counted=lambda times: times)),
        "repeats count once": searched(documents=partial(pooled, counted=np.sign)),
        "parts not by themselves": searched(documents=partial(pooled, apart=False)),
        "no ballast": searched(documents=partial(pooled, length_prior=0.0)),
        "half the ballast": searched(documents=partial(pooled, length_prior=0.5)),
        "twice the ballast": searched(documents=partial(pooled, length_prior=2.0)),
    },
    "start": {
        "log(1 + n/df)": start_at_log1p,
        **{f"weighting {power:g}": setting(idf_power=power) for power in (0.0, 0.3, 1.0, 2.0)},
        "singular rows of LSA": start_at_lsa,
    },
    "length": {
        "384 dimensions": setting(dim=384),
        "1,536 dimensions": setting(dim=1536),
        "1,536, no latent part": long_without_latent,
        "three seeds, a third as long each": three_seeds,
    },
    "run": {
        **{f"temperature {value:g}": setting(temperature=value) for value in (0.05, 0.1, 0.3, 0.4)},
        **{f"learning rate {value:g}": setting(learning_rate=value) for value in (0.05, 0.1, 0.4)},
        "a third of the epochs": setting(epochs=1 / 3),
        "three times the epochs": setting(epochs=3),
        **{f"batch {size:,}": setting(batch=size) for size in (64, 1024)},
        "mean of the last third of states": averaged,
        "a table for each view": of_two_tables,
    },
    "views": {
        "crops alone": setting(views="crop"),
        "halves alone": setting(views="halves"),
        "deletion of half": setting(views="delete:0.5"),
        "a few words against the rest": setting(views="query"),
    },
    "search": {f"feedback {share}": searched(feedback=share) for share in (0.2, 0.5)},
}
"""By what they change, the experiments by their names."""
