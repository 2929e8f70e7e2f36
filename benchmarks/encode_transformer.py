"""How many paragraphs a second does a transformer encode: torch, ONNX and int8 here and in sentence-transformers.

    python benchmarks/encode_transformer.py [--peer-python PYTHON] [--quick]

all-MiniLM-L6-v2 on the documentation of Python's standard library, 128 tokens at the most. Both take a list of strings
and give unit rows; tokenising is in the time. The peer runs with the fastest of several batch sizes, tried before the
race. With an interpreter that has `sentence-transformers[onnx,openvino]`, its other backends run too, each in a process
that waits for its turn: their times are measured there.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from comparison import alternate, best_of, ratio, spread, timed
from record import arguments, record
from sentence_transformers import SentenceTransformer
from yardstick import model_folder

import likewise
from likewise.corpus.demo_corpus import pydocs
from likewise.model.export import export_onnx

LENGTH = 128  # tokens
SIZES = (4, 8, 16, 32)  # of the peer's batches
OURS = ("torch", "onnx", "onnx-int8")
THEIRS = ("torch", "onnx", "onnx-int8", "openvino")
TRIED = 300  # texts on which the peer's batch size is chosen


class Peer:
    """A backend of sentence-transformers in another interpreter."""

    def __init__(self, python: str, folder: Path, backend: str, texts: list[str], work: Path) -> None:
        own, self.work, self.size = work / f"peer-{backend}", work, 0
        shutil.copytree(folder, own, ignore=shutil.ignore_patterns("onnx", "openvino"))
        file = work / f"{backend}.json"
        file.write_text(json.dumps(texts), encoding="utf-8")
        script = Path(__file__).with_name("peer_backends.py")
        command = [python, str(script), str(own), backend, str(LENGTH), str(file)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.versions = self.send(None)

    def send(self, line: str | None) -> Any:
        """The answer to a command."""
        if line is not None:
            print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("a backend of the peer ended: see its error above")
        return json.loads(answer)

    def seconds(self) -> float:
        """What encoding took, with the best batch size."""
        return float(self.send(f"run {self.size}"))

    def choose(self) -> None:
        """Find the best batch size, on all texts."""
        self.size = min(SIZES, key=lambda size: self.send(f"run {size}"))

    def vectors(self) -> np.ndarray:
        """Of all texts."""
        self.send(f"save {self.work / 'vectors.npy'}")
        return np.load(self.work / "vectors.npy")


def ours(folder: Path, backend: str) -> likewise.Model:
    """The model on a backend, reading no more of a text than the peer does."""
    model = likewise.load(folder, backend=backend)
    model.encoder.special_tokens = replace(model.encoder.special_tokens, longest=LENGTH)
    return model


def apart(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """How far vectors are from others."""
    cosine = 1.0 - (one.astype(np.float64) * other).sum(1)
    return {
        "largest": float(np.abs(one - other).max()), "mean of 1 - cosine": float(cosine.mean()),
        "worst of 1 - cosine": float(cosine.max()),
    }  # fmt: skip


def main() -> None:
    """Race the backends and record texts per second, ratios and how far the vectors differ."""
    parser = arguments(__doc__, quick="200 texts", reads_data=False, texts=2000, repeats=5, seed=0)
    parser.add_argument("--peer-python", help="an interpreter with sentence-transformers[onnx,openvino]")
    parser.add_argument("--backends", default=",".join(THEIRS), help="of the peer, in that interpreter")
    given = parser.parse_args()
    docs = pydocs()
    chosen = np.random.default_rng(given.seed).permutation(len(docs))[: 200 if given.quick else given.texts]
    texts = [docs[place] for place in chosen]
    with tempfile.TemporaryDirectory() as place:
        run(given, texts, Path(place))


def run(given: argparse.Namespace, texts: list[str], work: Path) -> None:
    """The race, in a folder for models."""
    folder = work / "model"
    shutil.copytree(model_folder(), folder)
    export_onnx(likewise.load(folder), folder, int8=True, texts=texts[:8])
    models = {f"likewise {backend}": ours(folder, backend) for backend in OURS}
    peer = SentenceTransformer(str(folder), device="cpu", backend="torch")
    peer.max_seq_length = LENGTH
    encode = partial(peer.encode, show_progress_bar=False)
    size = best_of(SIZES, lambda each: partial(encode, texts[:TRIED], batch_size=each))
    contestants: dict[str, Callable[[], float]] = {
        name: partial(timed, partial(model.encode, texts)) for name, model in models.items()
    }
    name = "sentence-transformers torch"
    contestants[name] = partial(timed, partial(encode, texts, batch_size=size))
    settings = {name: {"batch_size": size}}
    expected = encode(texts, batch_size=size)
    differences = {name: apart(model.encode(texts), expected) for name, model in models.items()}
    for backend in given.backends.split(",") if given.peer_python else ():
        other, name = Peer(given.peer_python, folder, backend, texts, work), f"sentence-transformers apart {backend}"
        other.choose()
        contestants[name], settings[name] = other.seconds, {"batch_size": other.size, **other.versions}
        differences[name] = apart(other.vectors(), expected)
    seconds = alternate(contestants, given.repeats, lambda seconds_of: seconds_of())
    numbers = {
        "texts_a_second": {name: spread([len(texts) / took for took in taken]) for name, taken in seconds.items()},
        "ratio": {
            f"{name} / {other}": ratio(seconds[other], seconds[name])
            for name in models for other in seconds if other not in models
        },
    }  # fmt: skip
    for group, figures in numbers.items():
        print(group, *(f"  {name:70} {figure}" for name, figure in figures.items()), sep="\n")
    print(*(f"{name:40} {found}" for name, found in differences.items()), sep="\n")
    if given.quick:
        return
    read = [min(int(length) + 2, LENGTH) for length in models["likewise torch"].tokenizer.encode(texts).lengths]
    configuration = {
        "texts": len(texts), "tokens_a_text": round(float(np.mean(read)), 2), "repeats": given.repeats,
        "longest": LENGTH, "settings": settings,
    }  # fmt: skip
    plain = {group: {name: figure.plain() for name, figure in figures.items()} for group, figures in numbers.items()}
    record("encode_transformer", configuration, plain | {"difference": differences}, given.seed)


if __name__ == "__main__":
    main()
