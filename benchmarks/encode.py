"""How many short texts a second become vectors: Model.encode beside model2vec and sentence-transformers.

    python benchmarks/encode.py --data DATA [--quick]

All three have the same vocabulary and the same rows, the first 256 dimensions of a model, take a list of strings and
give a float32 array of unit rows; tokenising is in the time. Beside them the whole model, as `train` makes it by
default. Each peer runs with the fastest of several settings, tried before the race.
"""

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from comparison import alternate, best_of, ratio, spread
from model2vec import StaticModel
from record import arguments, record
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from yardstick import short_texts, trained

import likewise

MODEL2VEC = [
    {"batch_size": size, "use_multiprocessing": threads} for size in (1024, 4096, 16384) for threads in (True, False)
]
DIM = 256
SENTENCE_TRANSFORMERS = [{"batch_size": size} for size in (256, 1024, 4096, 16384)]


def model2vec_of(model: likewise.Model, folder: Path) -> StaticModel:
    """The model2vec model with the same tokenizer and rows; nothing is cut off, as nothing is in the other two."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return StaticModel(model.encoder.weights, tokenizer, normalize=True, max_length=None)


def as_trained(model: Any, texts: list[str]) -> np.ndarray:
    """Vectors of `likewise`."""
    vectors: np.ndarray = model.encode(texts)
    return vectors


def by_peer(model: Any, texts: list[str], settings: dict[str, Any]) -> np.ndarray:
    """A peer's encode, with the threads of `tokenizers` on, which model2vec turns off for threads of its own."""
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    return np.asarray(model.encode(texts, show_progress_bar=False, **settings))


def main() -> None:
    """Race the three and record texts per second, ratios and how far the vectors differ."""
    given = arguments(__doc__, quick="20,000 texts, 5 repeats", texts=200_000, repeats=5, seed=0).parse_args()
    count, repeats = (20_000, 5) if given.quick else (given.texts, given.repeats)

    texts = short_texts(given.data, count, np.random.default_rng(given.seed))
    whole = trained(texts, epochs=1, seed=given.seed)
    model = whole.truncated(DIM)
    tokens = float(np.mean(model.tokenizer.encode(texts).lengths))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "short.model"
        model.save(folder)
        peers = {
            "model2vec": (model2vec_of(model, folder), MODEL2VEC),
            "sentence-transformers": (SentenceTransformer(str(folder), device="cpu"), SENTENCE_TRANSFORMERS),
        }

    some, settings = texts[: max(20_000, count // 8)], {}
    calls: dict[str, Callable[[], np.ndarray]] = {
        "likewise": partial(as_trained, model, texts),
        f"likewise, all {whole.dim} dimensions": partial(as_trained, whole, texts),
    }
    for name, (peer, tried) in peers.items():
        settings[name] = best_of(tried, partial(partial, by_peer, peer, some))
        calls[name] = partial(by_peer, peer, texts, settings[name])
    vectors = calls["likewise"]()
    differences = {name: float(np.abs(vectors - calls[name]()).max()) for name in settings}
    del vectors
    seconds = alternate(calls, repeats)

    speeds = {name: spread([count / took for took in taken]) for name, taken in seconds.items()}
    ours = [name for name in seconds if name not in settings]
    ratios = {f"{mine} / {name}": ratio(seconds[name], seconds[mine]) for mine in ours for name in settings}
    print(f"{count:,} texts of {tokens:.1f} tokens, {model.dim} dimensions, {len(model.tokenizer.vocabulary):,} pieces")
    for name, speed in speeds.items():
        print(f"{name:22} {speed} texts/s  {settings.get(name, '')}")
    for name, times in ratios.items():
        print(f"{name}: {times}")
    print("vectors differ at the most by", {name: f"{each:.2g}" for name, each in differences.items()})
    if given.quick:
        return
    configuration = {
        "texts": count, "tokens_a_text": round(tokens, 2), "dim": model.dim, "repeats": repeats,
        "vocabulary": len(model.tokenizer.vocabulary), "settings": settings,
    }  # fmt: skip
    numbers = {
        "texts_a_second": {name: speed.plain() for name, speed in speeds.items()},
        "ratio": {name: times.plain() for name, times in ratios.items()},
        "largest_difference": differences,
    }
    record("encode", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
