"""Fine-tuning a transformer on eight labels a class: `Classifier(contrastive=True)` beside SetFit.

    python benchmarks/fine_tuned.py --data DATA --setfit FOLDER [--draws 3] [--setfit-draws 2] [NAME ...]

all-MiniLM-L6-v2 that reads 128 tokens: as it is, with the words of the text beside its vectors (`Classifier`);
fine-tuned (`contrastive=True`, which tests on held-out labels whether that is worse); and fine-tuned by SetFit with its
defaults, from the folder where `pip install --target FOLDER setfit==1.2.0` has put it. SetFit gets 500 steps where its
pairs of texts fill more: `steps by default` has how many. Accuracy on 500 test texts drawn once, and the seconds of a
fit; means over the draws of the labels, and the differences with the 95 % interval of a bootstrap over these.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from comparison import over_draws
from record import arguments, be_quiet, record
from yardstick import Labels, drawn, labelled, model_folder

import likewise

DATA_SETS = ("trec", "subj", "sst2", "banking77", "smsa", "thucnews_titles", "tickets_de")
PER_CLASS, TESTED, LONGEST = 8, 500, 128
BATCH, MOST_STEPS = 16, 500  # pairs in a step of SetFit, and steps
FEWER_DRAWS = {"banking77": 1, "thucnews_titles": 1, "tickets_de": 1}  # of SetFit, where each takes ten minutes


class SetFit:
    """all-MiniLM-L6-v2, fine-tuned on pairs of labelled texts, and a logistic regression.

    Args:
        folder: where it is installed.
    """

    def __init__(self, folder: Path) -> None:
        sys.path.append(str(folder))

    def fit_predict(self, texts: list[str], labels: np.ndarray, queries: list[str], seed: int) -> tuple[Any, float]:
        """Predictions, and the seconds of the fit."""
        from datasets import Dataset
        from setfit import SetFitModel, Trainer, TrainingArguments

        names, numbers = np.unique(labels, return_inverse=True)
        model = SetFitModel.from_pretrained(str(model_folder()))
        model.model_body.max_seq_length = LONGEST
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as place:
            given = Dataset.from_dict({"text": texts, "label": numbers.tolist()})
            most = MOST_STEPS if steps_by_default(labels) > MOST_STEPS else -1
            how = TrainingArguments(output_dir=place, report_to="none", save_strategy="no", seed=seed, max_steps=most)
            Trainer(model=model, args=how, train_dataset=given).train()
        seconds = time.perf_counter() - started
        return names[np.asarray(model.predict(queries))], seconds


def steps_by_default(labels: np.ndarray) -> int:
    """Steps of SetFit: as many pairs of a class as of two, the fewer ones repeated."""
    counts = np.unique(labels, return_counts=True)[1]
    within = int((counts * (counts - 1) // 2).sum())
    across = len(labels) * (len(labels) - 1) // 2 - within
    return -(-2 * max(within, across) // BATCH)


def measure(data: Labels, model: Any, peer: SetFit | None, draws: int, peer_draws: int) -> dict[str, Any]:
    """Accuracies and seconds of one data set."""
    each: dict[str, list[float]] = {}
    for draw in range(draws):
        rows = drawn(data.labels, PER_CLASS, draw)
        texts, labels = [data.learned[row] for row in rows], data.labels[rows]
        for name, contrastive in (("probe", False), ("contrastive", True)):
            started = time.perf_counter()
            classifier = likewise.Classifier(model, contrastive=contrastive, seed=draw).fit(texts, labels)
            each.setdefault(f"{name}, seconds", []).append(time.perf_counter() - started)
            each.setdefault(name, []).append(float(np.mean(classifier.predict(data.tested) == data.truth)))
        each.setdefault("kept", []).append(float(classifier.fine_tuned_))
        if peer is not None and draw < min(peer_draws, FEWER_DRAWS.get(data.name, peer_draws)):
            found, seconds = peer.fit_predict(texts, labels, data.tested, draw)
            each.setdefault("SetFit", []).append(float(np.mean(found == data.truth)))
            each.setdefault("SetFit, seconds", []).append(seconds)
        print(data.name, draw, {name: round(values[-1], 3) for name, values in each.items()}, flush=True)
    numbers: dict[str, Any] = {name: over_draws(values) for name, values in each.items()}
    for one, other in (("contrastive", "probe"), ("contrastive", "SetFit")):
        if other in each:
            numbers[f"{one} - {other}"] = over_draws([a - b for a, b in zip(each[one], each[other], strict=False)])
    numbers["steps by default"] = steps_by_default(data.labels[drawn(data.labels, PER_CLASS, 0)])
    return numbers


def main() -> None:
    parser = arguments(__doc__, draws=3, setfit_draws=2)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DATA_SETS)}")
    parser.add_argument("--setfit", type=Path, help="the folder of SetFit; without it there is no peer")
    given = parser.parse_args()
    be_quiet()
    model = likewise.load(model_folder())
    model.encoder.special_tokens = replace(model.encoder.special_tokens, longest=LONGEST)
    peer = None if given.setfit is None else SetFit(given.setfit)
    for name in given.names or DATA_SETS:
        data = labelled(given.data, name, TESTED)
        numbers = measure(data, model, peer, given.draws, given.setfit_draws)
        configuration = {"data": name, "labels a class": PER_CLASS, "test": len(data.tested), "draws": given.draws}
        configuration["most steps"] = MOST_STEPS
        record("fine_tuned", configuration, numbers, given.draws - 1)


if __name__ == "__main__":
    main()
