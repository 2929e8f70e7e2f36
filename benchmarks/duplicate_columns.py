"""Whether records are matched better by columns that are evidence of their own than by one text joined from them.

    python benchmarks/duplicate_columns.py --data DATA [--seeds 3] [abt_buy] [customers] [few_customers]

Abt-Buy has the products of two shops, with name, description and price; pairs of two shops count, and one without a
label is none. Customers are made, with another seed each time: names, streets, cities, phones and days of birth, of
which some share a household; a copy has typos, abbreviations, a name in another order, missing cells, or has moved. Few
customers are files of 180, too small to train an encoder on, four of them a seed. All systems score the same pairs:
those that the search by columns compares. Average precision is of all true pairs, so that those which are not compared
count; of a text it is that of its better score, by all evidence or by words. The baseline is Fellegi and Sunter's model
with four levels of agreement: u from random pairs, m and the number of matches by EM. That the record as a whole is
evidence beside its columns, and which records are made for the calibration, was settled with these labels in view.
"""

from pathlib import Path
from typing import Any

import numpy as np
from comparison import over
from record import arguments, record
from yardstick import rows, table

import likewise
from likewise.applications.duplicates.candidates import distinct_keys, lists_of, minhash_pairs, nearest, neighbour_pairs
from likewise.applications.duplicates.evidence import evidence_of
from likewise.applications.duplicates.find import FLOOR
from likewise.applications.duplicates.pairs import Pairs
from likewise.applications.duplicates.result import Duplicates
from likewise.applications.duplicates.space import COARSE

PRECISIONS = (0.99, 0.95, 0.9, 0.8, 0.6)
PEOPLE = {"customers": (2_500, 1_000), "few_customers": (120, 60)}  # and copies of them
FILES = 4  # small ones a seed
LEVELS = np.array([0.5, 0.7, 0.88, 0.9999])  # of a cosine, from which on two cells agree more
RANDOM, ROUNDS = 1 << 18, 200
ONSETS = (
    "b",
    "br",
    "ch",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sch",
    "st",
    "t",
    "v",
)
VOWELS = ("a", "e", "i", "o", "u", "au", "ei", "ie")
ENDS = ("", "l", "n", "r", "s", "t", "m", "nn", "ck", "rt", "nd", "ns", "ll")
ROADS = {"Street": "St.", "Road": "Rd", "Avenue": "Ave", "Lane": "Ln"}
Records = list[dict[str, str]]


def products(data: Path) -> tuple[Records, set[tuple[int, int]], np.ndarray]:
    """The products of both shops, the pairs that are one, and of each the shop."""
    shops = [list(rows(data / "abt_buy" / f"table{side}.jsonl")) for side in "AB"]
    both = [row for shop in shops for row in shop]
    side = np.repeat([0, 1], [len(shop) for shop in shops])
    places: dict[tuple[int, str], list[int]] = {}
    for place, row in enumerate(both):
        price = f"price {row['price']}" if row["price"] else ""
        text = " . ".join(filter(None, (row["title"], row["text"], price)))
        places.setdefault((int(side[place]), text), []).append(place)
    same = {
        (one, other)
        for row in table(data / "abt_buy" / "pairs.tsv")
        if row["label"] == "1"
        for one in places[0, row["text1"]]
        for other in places[1, row["text2"]]
    }
    records = [{"name": row["title"], "description": row["text"], "price": row["price"]} for row in both]
    return records, same, side


def customers(seed: int, count: int, copies: int) -> tuple[Records, set[tuple[int, int]], np.ndarray]:
    """Made customers, the pairs that are one person, and that all are of one file."""
    rng = np.random.default_rng(seed)
    people = made_people(count, rng)
    every = [(number, dict(person)) for number, person in enumerate(people)]
    for _, person in every:
        emptied(person, {"street": 0.05, "phone": 0.2, "born": 0.3}, rng)
    every += [(number, copied(people, number, rng)) for number in rng.choice(count, copies).tolist()]
    every = [every[at] for at in rng.permutation(len(every)).tolist()]
    of: dict[int, list[int]] = {}
    for place, (number, _) in enumerate(every):
        of.setdefault(number, []).append(place)
    same = {(one, other) for each in of.values() for one in each for other in each if one < other}
    return [person for _, person in every], same, np.zeros(len(every), np.int64)


def made_people(count: int, rng: np.random.Generator) -> Records:
    """People, one in eight of the household of the one before; some names and places are more frequent than others."""
    names = [
        drawn([word(rng) for _ in range(many)], count, rng) for many in (200, 800, 480, 60)
    ]  # first and last names, streets, cities
    roads = rng.choice(list(ROADS), count).tolist()
    people: Records = []
    for number, (first, last, street, city) in enumerate(zip(*names, strict=True)):
        born = f"{rng.integers(1940, 2005)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
        place = f"{street} {roads[number]} {rng.integers(1, 120)}"
        person = {"name": f"{first} {last}", "street": place, "city": city, "phone": phone(rng), "born": born}
        if number and rng.random() < 1 / 8:
            before = people[-1]
            person |= {name: before[name] for name in ("street", "city", "phone")}
            person["name"] = f"{first} {before['name'].split()[1]}"
        people.append(person)
    return people


def copied(people: Records, number: int, rng: np.random.Generator) -> dict[str, str]:
    """A person as entered once more."""
    person = dict(people[number])
    if rng.random() < 0.15:
        home = people[int(rng.integers(len(people)))]
        person |= {"street": home["street"], "city": home["city"]}
        person["phone"] = phone(rng) if rng.random() < 0.5 else person["phone"]
    first, last = person["name"].split()
    person["name"] = str(rng.choice([f"{last}, {first}", f"{first[0]}. {last}", person["name"]], p=[0.15, 0.15, 0.7]))
    if rng.random() < 0.3:
        for road, short in ROADS.items():
            person["street"] = person["street"].replace(road, short)
    if rng.random() < 0.3:
        person["phone"] = "+49 " + person["phone"][1:].replace(" ", "-")
    for name in ("name", "street", "city", "phone"):
        person[name] = misspelt(person[name], rng) if rng.random() < 0.2 else person[name]
    emptied(person, {"street": 0.1, "city": 0.1, "phone": 0.25, "born": 0.4}, rng)
    return person


def emptied(person: dict[str, str], shares: dict[str, float], rng: np.random.Generator) -> None:
    """Take the value out of some cells."""
    person |= {name: "" for name, share in shares.items() if rng.random() < share}


def word(rng: np.random.Generator) -> str:
    """A name of two syllables."""
    return "".join(str(rng.choice(part)) for part in (ONSETS, VOWELS, ENDS) * 2).capitalize()


def phone(rng: np.random.Generator) -> str:
    """A number."""
    return f"0{rng.integers(100, 1000)} {rng.integers(100_000, 1_000_000)}"


def drawn(items: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """Some of the items, those in front more often."""
    often = np.arange(1, len(items) + 1) ** -0.8
    return [items[at] for at in rng.choice(len(items), count, p=often / often.sum()).tolist()]


def misspelt(cell: str, rng: np.random.Generator) -> str:
    """A cell with two letters swapped, one left out or another one."""
    at, kind = int(rng.integers(len(cell) - 1)), int(rng.integers(3))
    other = str(rng.integers(10)) if cell[at].isdigit() else chr(ord("a") + int(rng.integers(26)))
    return cell[:at] + (cell[at + 1] + cell[at], "", other)[kind] + cell[at + (2 if kind == 0 else 1) :]


def compared(found: Duplicates) -> np.ndarray:
    """All pairs of rows that a search by columns compares, the lower row first: (pairs, 2)."""
    assert found.compared is not None
    features = found.compared.features
    coarse = features.vectors[:, :COARSE].astype(np.float32)
    coarse /= np.maximum(np.linalg.norm(coarse, axis=1, keepdims=True), 1e-12)
    near = np.zeros((0, 1), np.int64)
    if found.compared.space.dim:
        near = nearest(coarse, coarse, lists_of(coarse, np.random.default_rng(0)), FLOOR, same=True)
    keys = [minhash_pairs(each.bands, np.flatnonzero(np.diff(each.word_offsets))) for each in features.parts]
    every = distinct_keys(*keys, neighbour_pairs(near, 0, len(features)))
    copies = np.flatnonzero(found.copies != np.arange(len(found.ids)))
    distinct = found.compared.rows[np.stack(np.divmod(every, len(features)), 1)]
    return np.sort(np.concatenate([distinct, np.stack([copies, found.copies[copies]], 1)]), axis=1)


def scored(found: Duplicates, pairs: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The scores of pairs of rows as a search has them, by all evidence and by words, each with the precision."""
    assert found.compared is not None and found.calibration is not None
    place = np.zeros(len(found.ids), np.int64)
    place[found.compared.rows] = np.arange(len(found.compared.rows))
    ones, others = place[found.copies[pairs]].T
    evidence = evidence_of(found.compared.features, found.compared.features, ones, others, found.compared.space)
    sure = Pairs.of(ones, others, evidence, ones == others, found.calibration).precision
    by_words = [] if found.columns else [(evidence.words, sure)]
    return [(found.calibration.weights.scores(evidence), sure), *by_words]


def fellegi_sunter(found: Duplicates, pairs: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The weight and the posterior probability of each pair by the model of Fellegi and Sunter (1969)."""
    assert found.compared is not None
    features, space, count = found.compared.features, found.compared.space, len(found.compared.rows)
    assert space.columns is not None
    place = np.zeros(len(found.ids), np.int64)
    place[found.compared.rows] = np.arange(count)
    first, away = rng.integers(0, count, RANDOM), rng.integers(1, count, RANDOM)
    chosen = place[found.copies[pairs]].T, np.stack([first, (first + away) % count])
    parts = np.cumsum([0, *(1 if kind == "date" else 2 for kind in space.columns.kinds)])[:-1]
    levels = []
    for ones, others in chosen:
        values = evidence_of(features, features, ones, others, space).columns
        assert values is not None
        agree = np.searchsorted(LEVELS, np.nan_to_num(values[:, parts]), side="right")
        levels.append(np.where(np.isnan(values[:, parts]), -1, agree).T)
    here, random = levels
    every = np.arange(len(LEVELS) + 1)
    u = np.array([[0.5 + np.count_nonzero(each == level) for level in every] for each in random])
    u /= u.sum(axis=1, keepdims=True)
    m = np.tile(np.linspace(0.1, 1.0, len(every)), (len(u), 1))
    m /= m.sum(axis=1, keepdims=True)
    possible, matches = count * (count - 1) / 2, count / 4
    for _ in range(ROUNDS):
        ratio = np.log(m / u)
        weight = sum(np.where(each >= 0, row[each], 0.0) for each, row in zip(here, ratio, strict=True))
        posterior = 1 / (1 + np.exp(-(weight + np.log(matches / (possible - matches)))))
        matches = posterior.sum()
        m = np.array([[0.1 + posterior[each == level].sum() for level in every] for each in here])
        m /= m.sum(axis=1, keepdims=True)
    return weight, posterior


def measured(label: np.ndarray, order: np.ndarray, sure: np.ndarray, true: int) -> dict[str, float]:
    """Average precision of an order, and precision and recall of the pairs that are sure enough."""
    ranked = label[np.argsort(-order, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    found = {"average precision": float((precision * ranked).sum() / true)}
    for wanted in PRECISIONS:
        those = sure >= wanted - 1e-9
        found[f"pairs at {wanted:g}"] = int(np.count_nonzero(those))
        found[f"precision at {wanted:g}"] = float(label[those].mean()) if those.any() else float("nan")
        found[f"recall at {wanted:g}"] = float(label[those].sum() / true)
    return found


def once(records: Records, same: set[tuple[int, int]], side: np.ndarray, seed: int) -> dict[str, dict[str, float]]:
    """What each system reaches."""
    columns = list(records[0])
    by_columns = likewise.duplicates(records, columns=columns, seed=seed)
    pairs = compared(by_columns)
    if side.any():
        pairs = pairs[side[pairs[:, 0]] != side[pairs[:, 1]]]
    label = np.array([pair in same for pair in map(tuple, pairs.tolist())])
    found = {"compared": {"pairs": len(pairs), "recall": label.sum() / len(same)}}
    systems = {
        "columns": by_columns,
        "joined": likewise.duplicates(records, text=columns, seed=seed),
        "first column alone": likewise.duplicates(records, text=columns[0], seed=seed),
    }
    for name, each in systems.items():
        found[name] = max(
            (measured(label, order, sure, len(same)) for order, sure in scored(each, pairs)),
            key=lambda one: one["average precision"],
        )
    weight, posterior = fellegi_sunter(by_columns, pairs, np.random.default_rng(seed))
    found["Fellegi-Sunter"] = measured(label, weight, posterior, len(same))
    return found


def main() -> None:
    """Search each data set."""
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("folders", nargs="*", default=["abt_buy", *PEOPLE])
    chosen = parser.parse_args()
    for name in chosen.folders:
        every = []
        for seed in range(chosen.seeds * (FILES if name == "few_customers" else 1)):
            records, same, side = products(chosen.data) if name == "abt_buy" else customers(seed, *PEOPLE[name])
            every.append(once(records, same, side, seed))
        numbers: dict[str, Any] = {
            system: {
                what: over([each[system][what] for each in every if not np.isnan(each[system][what])] or [0.0])
                for what in values
            }
            for system, values in every[0].items()
        }
        settings = {"data": name, "records": len(records), "true_pairs": len(same), "columns": list(records[0])}
        record("duplicate_columns", settings, numbers, seed=chosen.seeds - 1)
        for system, values in numbers.items():
            print(name, system, {what: round(value["mean"], 3) for what, value in values.items()}, flush=True)


if __name__ == "__main__":
    main()
