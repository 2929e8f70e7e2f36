"""The files that the pages speak of, made up: `reviews.csv` and `more.jsonl`."""

import csv
import json
from itertools import product
from pathlib import Path

import numpy as np

THINGS = (
    "kettle", "suitcase", "tent", "headphones", "desk lamp", "rain jacket", "backpack", "blender", "office chair",
    "bicycle pump", "wrist watch", "garden hose", "coffee grinder", "toothbrush", "keyboard", "frying pan",
)  # fmt: skip
EVENTS = (
    "broke", "lost its colour", "started to leak", "stopped charging", "began to smell of plastic", "fell apart",
    "looked like new", "worked better than the old one", "surprised the whole family", "made a lot of noise",
)  # fmt: skip
TIMES = ("after a week", "on the first day", "within two months", "after one summer", "when it was least needed")
ENDS = (
    "The shop sent a new one at once.", "Nobody answered my letters.", "I would buy it again.", "My money came back.",
    "For this price one can expect more.", "It was a present for my sister, who likes it.",
    "Good for cheap flights and budget travel.", "I left it in a quiet hotel.",
)  # fmt: skip


def reviews(count: int) -> list[str]:
    """So many different reviews, the same every time."""
    every = list(product(THINGS, EVENTS, TIMES, ENDS))
    drawn = np.random.default_rng(7).permutation(len(every))[:count]
    return [f"The {thing} {event} {time}. {end}" for thing, event, time, end in (every[row] for row in drawn)]


def write_reviews(folder: Path, count: int = 1200) -> None:
    """Write `reviews.csv` with id, body, price and stars, and `more.jsonl` with id and text."""
    first, more = np.split(np.array(reviews(count + 60)), [count])
    with (folder / "reviews.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "body", "price", "stars"])
        table.writerows([f"r{row}", body, 5 + row % 90, 1 + row % 5] for row, body in enumerate(first))
    lines = (json.dumps({"id": f"m{row}", "text": text}) for row, text in enumerate(more))
    (folder / "more.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
