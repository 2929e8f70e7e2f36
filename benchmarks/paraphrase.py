"""What rewriting texts by synonyms and by back-translation costs, and how far it takes a text from what it was.

    python benchmarks/paraphrase.py --data DATA [--quick]

How fast: texts a second. Synonyms look every word up once, so a first time is slower than those that follow, and both
are told; opening WordNet is not counted. Back-translation starts its programs anew for every few thousand texts. How
far: the share of texts that come back as they were, and the mean Jaccard similarity of a text's set of words with that
of its source. Nothing here says whether the meaning stayed.
"""

import re
import time
from pathlib import Path

import numpy as np
from comparison import spread
from record import arguments, record
from yardstick import sentences, short_texts

from likewise.errors import InputError
from likewise.paraphrase.paraphraser import make_paraphraser

TEXTS = {"synonyms": 20_000, "back-translation:eng-spa": 2_000}
WORD = re.compile(r"\w+")


def corpora(data: Path, rng: np.random.Generator) -> dict[str, list[str]]:
    """Short texts of many kinds, and sentences of any length."""
    most = max(TEXTS.values())
    found = sentences(data, 200_000)
    drawn = rng.choice(len(found), most, replace=False)
    return {"short texts": short_texts(data, most, rng), "sentences of film reviews": [found[row] for row in drawn]}


def jaccard(ones: list[str], others: list[str]) -> float:
    """The mean over the texts that have a word."""
    found = []
    for one, other in zip(ones, others, strict=True):
        words, kept = set(WORD.findall(one.lower())), set(WORD.findall(other.lower()))
        if words | kept:
            found.append(len(words & kept) / len(words | kept))
    return float(np.mean(found))


def measured(spec: str, texts: list[str], repeats: int, seed: int) -> dict[str, object]:
    """Speeds over the repeats, and what became of the texts in the last of them."""
    speeds: dict[str, list[float]] = {"first time": [], "words known": []}
    for repeat in range(repeats):
        paraphraser = make_paraphraser(spec)
        for taken in list(speeds.values())[: 2 if spec == "synonyms" else 1]:
            started = time.perf_counter()
            rewritten = paraphraser(texts, np.random.default_rng([seed, repeat]))
            taken.append(len(texts) / (time.perf_counter() - started))
    return {
        "texts": len(texts),
        "texts a second": {name: spread(taken).plain() for name, taken in speeds.items() if taken},
        "unchanged": sum(one == other for one, other in zip(texts, rewritten, strict=True)) / len(texts),
        "Jaccard": jaccard(texts, rewritten),
    }


def main() -> None:
    """Rewrite the texts of each corpus by each paraphraser, and record what was found."""
    given = arguments(__doc__, quick="a tenth of the texts, one repeat", repeats=5, seed=0).parse_args()
    repeats = 1 if given.quick else given.repeats
    try:
        for spec in TEXTS:
            make_paraphraser(spec)
    except InputError as error:
        print(f"nothing was measured: {error}")
        return
    for name, texts in corpora(given.data, np.random.default_rng(given.seed)).items():
        numbers = {}
        for spec, most in TEXTS.items():
            numbers[spec] = measured(spec, texts[: most // 10 if given.quick else most], repeats, given.seed)
            print(name, spec, numbers[spec])
        if not given.quick:
            record("paraphrase", {"data": name, "repeats": repeats}, numbers, given.seed)


if __name__ == "__main__":
    main()
