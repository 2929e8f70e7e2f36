"""How well the recommender ranks what people chose next, next to popularity, neighbours, EASE and matrix factorisation.

MovieLens-small with descriptions of the films: ratings of 4 and more are choices, users have at least five. Three
questions, each a table: the last film of every user among all that the user did not choose; films that nobody chose
before, a tenth of all, among themselves; and what came after a day, from what came before it. Every setting, of the
peers too, is chosen on the last item of what is left to learn from; in the first table that is the last but one.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from comparison import interval
from recommend_peers import PEERS, genre_popularity, genre_taste, matrix, text_means
from record import arguments, record
from yardstick import ndcg, rows, table

import likewise
from likewise import Recommender

LEAST, FEWEST = 4.0, 5
SEEDS = (0, 1, 2)
Histories = list[list[int]]


def main() -> None:
    """Run all three."""
    parser = arguments(__doc__)
    parser.add_argument("--model", type=Path, help="a model folder; without it, one is trained on the films")
    parser.add_argument("--vectors", type=Path, help="a .npy file that keeps the model's vectors for the next run")
    parser.add_argument("--name", default="static, trained on the films", help="what the tables call the model")
    parser.add_argument("--only", choices=("last", "cold", "time"), help="one of the three")
    given = parser.parse_args()
    films = Films(given.data / "movielens_small")
    if given.vectors is None or not given.vectors.exists():
        model = likewise.load(given.model) if given.model else likewise.train(films.texts, progress=False)
        films.vectors = np.asarray(model.encode(films.texts), np.float32)
        if given.vectors is not None:
            np.save(given.vectors, films.vectors)
    else:
        films.vectors = np.load(given.vectors)
    for name, run in (("last", last_out), ("cold", cold_films), ("time", by_time)):
        if given.only in (None, name):
            run(films, given.name)


class Films:
    """Films, their texts and genres, and who chose them, in the order of time.

    Attributes:
        texts: title, description, genres, keywords and tagline.
        genres: ones where a film has a genre.
        vectors: the model's, of the texts.
        chosen: of each user the films and the times.
    """

    def __init__(self, folder: Path) -> None:
        held = list(rows(folder / "items.jsonl"))
        number = {each["id"]: row for row, each in enumerate(held)}
        self.texts = [
            ". ".join(filter(None, (e["title"], e["text"], ", ".join(e["genres"]), e["keywords"], e["tagline"])))
            for e in held
        ]
        names = sorted({genre for each in held for genre in each["genres"]})
        self.genres = np.array([[name in each["genres"] for name in names] for each in held], np.float32)
        self.vectors = np.zeros((len(held), 0), np.float32)
        users: dict[str, list[tuple[int, int]]] = {}
        for row in table(folder / "interactions.tsv"):
            if float(row["rating"]) >= LEAST:
                users.setdefault(row["user"], []).append((int(row["timestamp"]), number[row["item"]]))
        self.chosen = [sorted(each) for each in users.values() if len(each) >= FEWEST]

    def recommender(self, histories: Histories, seed: int) -> Recommender:
        """One that is fitted on histories."""
        items = [{"id": str(row), "text": text} for row, text in enumerate(self.texts)]
        users = [{"user": f"u{user}", "item": str(film)} for user, films in enumerate(histories) for film in films]
        return Recommender(_Encoded(self), seed=seed).fit(items, users)


class _Encoded:
    """The vectors of the films, which the model encoded before."""

    def __init__(self, films: Films) -> None:
        self.vectors, self.places = films.vectors, {text: row for row, text in enumerate(films.texts)}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.vectors[[self.places[text] for text in texts]]


def last_out(films: Films, name: str) -> None:
    """The last film of each user, among all that the user did not choose."""
    full = [[film for _, film in each] for each in films.chosen]
    learned, wanted = [each[:-1] for each in full], [[each[-1]] for each in full]
    _judge("last film out, all films", films, name, learned, wanted, np.arange(len(films.texts)))


def by_time(films: Films, name: str) -> None:
    """What users chose after four fifths of all choices were made, of those who chose five films before."""
    times = np.sort([time for each in films.chosen for time, _ in each])
    day = times[int(0.8 * len(times))]
    before = [[film for time, film in each if time < day] for each in films.chosen]
    after = [[film for time, film in each if time >= day] for each in films.chosen]
    judged = [user for user in range(len(before)) if len(before[user]) >= FEWEST and after[user]]
    others = [user for user in range(len(before)) if before[user] and user not in set(judged)]
    learned = [before[user] for user in (*judged, *others)]
    _judge("split by time", films, name, learned, [after[user] for user in judged], np.arange(len(films.texts)))


def cold_films(films: Films, name: str) -> None:
    """Films of which every choice is held out, a tenth of all, among themselves; three draws of films."""
    found: dict[str, list[dict[str, np.ndarray]]] = {}
    for seed in SEEDS:
        drawn = np.zeros(len(films.texts), np.bool_)
        drawn[np.random.default_rng([seed, 77]).permutation(len(drawn))[: len(drawn) // 10]] = True
        full = [[film for _, film in each] for each in films.chosen]
        learned = [[film for film in each if not drawn[film]] for each in full]
        wanted = [[film for film in each if drawn[film]] for each in full]
        judged = [user for user in range(len(full)) if learned[user] and wanted[user]]
        learned, wanted = [learned[user] for user in judged], [wanted[user] for user in judged]
        seen, cold = matrix(learned, len(films.texts)), np.flatnonzero(drawn)
        made = films.recommender(learned, seed)
        ways = {
            "popularity by genre": genre_popularity(seen, films.genres, cold),
            "popularity by genre, of the user's genres": genre_taste(seen, films.genres, cold),
            "text vectors alone": text_means(seen, films.vectors),
            "text vectors alone, centred": text_means(seen, films.vectors - films.vectors.mean(axis=0)),
            "likewise": _scores(made, learned),
        }
        for way, scores in ways.items():
            found.setdefault(way, []).append(measures(scores, learned, wanted, cold))
    joined = {
        way: {key: np.concatenate([each[key] for each in runs]) for key in runs[0]} for way, runs in found.items()
    }
    _keep("cold films, among themselves", name, joined, {}, "three draws of films, users of all together")


def _judge(data: str, films: Films, name: str, learned: Histories, wanted: Histories, among: np.ndarray) -> None:
    items, count = len(films.texts), len(wanted)
    held = [each[:-1] if len(each) > 2 else each for each in learned]
    tuned = [user for user, each in enumerate(learned) if len(each) > 2]
    shown, goal = [held[user] for user in tuned], [[learned[user][-1]] for user in tuned]
    found, settings, seconds = {}, {}, {}
    for peer, (scored, options) in PEERS.items():
        tried = [measures(scored(held, items, each)[tuned], shown, goal, among)["nDCG@10"].mean() for each in options]
        settings[peer] = options[int(np.argmax(tried))]
        began = time.perf_counter()
        scores = scored(learned, items, settings[peer])[:count]
        found[peer] = measures(scores, learned[:count], wanted, among)
        seconds[peer] = time.perf_counter() - began
    runs = []
    for seed in SEEDS:
        began = time.perf_counter()
        made = films.recommender(learned, seed)
        seconds["likewise"] = time.perf_counter() - began
        runs.append(measures(_scores(made, learned[:count]), learned[:count], wanted, among))
    found["likewise"] = {key: np.mean([run[key] for run in runs], axis=0) for key in runs[0]}
    chosen = {peer: ", ".join(map(str, np.atleast_1d(each))) for peer, each in settings.items() if each is not None}
    _keep(data, name, found, seconds, "likewise: mean of three seeds", settings=chosen)


def _scores(made: Recommender, histories: Histories) -> np.ndarray:
    return made.scores([[str(film) for film in each] for each in histories])


def measures(scores: np.ndarray, learned: Histories, wanted: Histories, among: np.ndarray) -> dict[str, np.ndarray]:
    """Of each user HR@10, nDCG@10 and Recall@50 among some films, without those that the user chose before."""
    found: dict[str, list[float]] = {"HR@10": [], "nDCG@10": [], "Recall@50": []}
    for row, history, goal in zip(np.asarray(scores), learned, wanted, strict=True):
        own = row.astype(np.float64)
        own[history] = -np.inf
        order = among[np.argsort(-own[among], kind="stable")[:50]]
        hits = np.isin(order, goal)
        found["HR@10"].append(float(hits[:10].any()))
        found["nDCG@10"].append(ndcg({"": order.tolist()}, {"": dict.fromkeys(goal, 1)}))
        found["Recall@50"].append(float(hits.sum() / len(goal)))
    return {key: np.array(each) for key, each in found.items()}


def _keep(
    data: str, name: str, found: dict[str, dict[str, np.ndarray]], seconds: dict[str, float], note: str, **more: Any
) -> None:
    """Record means with 95 % intervals by bootstrap over users, and the differences of the last to all others."""
    numbers: dict[str, Any] = {}
    ours = found["likewise"]
    for key in ours:
        numbers[key] = {way: interval(each[key]) for way, each in found.items()}
        numbers[f"{key}, likewise less"] = {
            way: interval(ours[key] - each[key]) for way, each in found.items() if way != "likewise"
        }
    if seconds:
        numbers["seconds"] = {way: float(each) for way, each in seconds.items()}
    users = len(next(iter(ours.values())))
    configuration = {"data": f"{data}; {name}", "users": users, "note": note, **more}
    print(record("recommend", configuration, numbers, 0))
    for way, each in found.items():
        print(way, {key: round(float(values.mean()), 4) for key, values in each.items()}, flush=True)


if __name__ == "__main__":
    main()
