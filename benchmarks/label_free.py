"""Whether the score without labels ranks encoders as labels do: many recipes on many corpora, every measure beside it.

    python benchmarks/label_free.py --data DATA [--quick] [--cache FOLDER] [CORPUS ...]

Each corpus trains an encoder by every recipe of a pool: temperatures, learning rates, views and their lengths, epochs,
dimensions, vocabularies, weightings, starts, blends, and some drawn at random. Labels judge all of them, and so do the
score without labels, its two parts and what else could have been the score. What is recorded are those figures; the
tables and plots of docs/score.md are made of them. With `--cache` what was trained and judged is kept for another run.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from judged_corpora import CORPORA, JudgedCorpus, read_corpus
from recipe_pool import PAIRS, RECIPES, PoolCorpus, PoolRecipe, cached
from record import record
from texts import add_data

from likewise.encoders.static import StaticEncoder
from likewise.geometry.held_out_retrieval import disjoint_halves, held_out_retrieval
from likewise.geometry.measure import effective_rank, uniformity
from likewise.geometry.score import combined, label_free_score, score_task
from likewise.views.edits import halves
from likewise.views.pair import Views

QUICK = 3


def scorer(corpus: PoolCorpus) -> Callable[[StaticEncoder], dict[str, float]]:
    """What can be told of an encoder without labels, by name; higher is meant to be better in all."""
    continues = corpus.tokenizer.vocabulary.continues
    held_out = corpus.texts.take(corpus.split.held_out)
    task = score_task(
        corpus.texts.take, len(corpus.texts), corpus.split.held_out, continues, np.random.default_rng([0, 9, 0])
    )
    hard = disjoint_halves(held_out, continues, np.random.default_rng([0, 10, 0]))
    plain = halves(held_out, continues, np.random.default_rng([0, 11, 0]), short=0)

    def mrr(views: Views, encoder: StaticEncoder) -> float:
        return held_out_retrieval(encoder.encode(views.anchors), encoder.encode(views.positives)).mrr

    def scores(encoder: StaticEncoder) -> dict[str, float]:
        score = label_free_score(encoder.encode, task, encoder.encode_documents)
        vectors = encoder.encode(held_out)
        return {
            "score": score.value,
            "cloze": score.cloze,
            "words": score.words,
            "hard halves": mrr(hard, encoder),
            "plain halves": mrr(plain, encoder),
            "effective rank": effective_rank(vectors),
            "uniformity": -uniformity(vectors, np.random.default_rng(0)),
        }

    return scores


class Study:
    """One corpus, its recipes trained as they are asked for.

    Args:
        judged: the corpus and its judge.
        cache: a folder that keeps what was done.
    """

    def __init__(self, judged: JudgedCorpus, cache: Path) -> None:
        self.judged, self.cache = judged, cache / judged.name
        self._corpora: dict[int | None, PoolCorpus] = {}
        self._scorers: dict[int | None, Callable[[StaticEncoder], dict[str, float]]] = {}

    def figures(self, recipe: PoolRecipe) -> dict[str, dict[str, float]]:
        """What labels say of a recipe's encoder, and what is said without them."""
        kept = self.cache / f"{recipe.name}.json"
        figures = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if {"labels", "scores"} - set(figures):
            corpus = self.corpus(recipe.vocabulary)
            encoder = cached(corpus, recipe, self.cache)
            if "labels" not in figures:
                figures["labels"] = self.judged.judge(
                    lambda texts: encoder.encode(corpus.ids(texts)),
                    lambda texts: encoder.encode_documents(corpus.ids(texts)),
                )
            if "scores" not in figures:
                figures["scores"] = self._scorers[recipe.vocabulary](encoder)
            kept.write_text(json.dumps(figures), encoding="utf-8")
        # What was kept may be from before the parts were put together as they are now.
        scores = figures["scores"]
        return figures | {"scores": scores | {"score": combined(scores["cloze"], scores["words"])}}

    def corpus(self, vocabulary: int | None) -> PoolCorpus:
        """The corpus under a vocabulary."""
        if vocabulary not in self._corpora:
            self._corpora[vocabulary] = PoolCorpus(self.judged.texts, vocabulary)
            self._scorers[vocabulary] = scorer(self._corpora[vocabulary])
        return self._corpora[vocabulary]


def measure(judged: JudgedCorpus, recipes: list[PoolRecipe], cache: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The figures of every recipe on a corpus."""
    study, found = Study(judged, cache), {}
    for recipe in recipes:
        started = time.perf_counter()
        found[recipe.name] = study.figures(recipe)
        shown = ", ".join(f"{name} {value:.3f}" for name, value in found[recipe.name]["labels"].items())
        score = found[recipe.name]["scores"]["score"]
        print(f"{judged.name:22} {score:.3f} | {shown} | {recipe.name} ({time.perf_counter() - started:.1f} s)")
    return found


def main() -> None:
    """Judge every corpus and record what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help="all if none is named")
    add_data(parser)
    parser.add_argument("--cache", type=Path, help="a folder that keeps encoders and figures for another run")
    parser.add_argument("--quick", action="store_true", help="three recipes on one corpus, nothing recorded")
    given = parser.parse_args()
    if unknown := [name for name in given.corpora if name not in CORPORA]:
        parser.error(f"there is no corpus {', '.join(unknown)}: the corpora are {', '.join(CORPORA)}")
    names = given.corpora or (["cranfield"] if given.quick else list(CORPORA))
    recipes = RECIPES[:QUICK] if given.quick else RECIPES
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            judged = read_corpus(given.data, name)
            numbers = measure(judged, recipes, given.cache or Path(place))
            if not given.quick:
                first = {key: value for key, value in vars(RECIPES[0]).items() if value is not None}
                configuration = {"data": name, "texts": len(judged.texts), "recipes": len(recipes), "pairs": PAIRS}
                record("label_free", configuration | {"usual": first}, numbers, 0)


if __name__ == "__main__":
    main()
