"""A WordNet of a few words in the files of the real one, so that its reader can be tested where there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KINDS = {"n": ("noun", 1, 6), "v": ("verb", 2, 40), "a": ("adj", 3, 0), "r": ("adv", 4, 2)}
HEADER = "  1 This is a small WordNet 3.0 Copyright notice of nobody.  \n"


@dataclass(frozen=True)
class Sense:
    """A synset: its part of speech, how often each of its words occurred in it, and a verb's frames of sentence."""

    part: str
    words: Mapping[str, int]
    frames: Mapping[int, Sequence[int]] | None = None  # by the number of the word, from 1; 0 is every word


# The first sense of a word is the one that stands first.
SENSES = (
    Sense("n", {"machine": 50}),
    Sense("n", {"machine": 40}),
    Sense("n", {"picture": 40}),
    Sense("n", {"car": 71, "auto": 2, "automobile": 10, "motorcar": 3, "machine": 30, "wheeled_vehicle": 0}),
    Sense("n", {"car": 2, "railcar": 1, "railroad_car": 4}),
    Sense("n", {"film": 20, "movie": 40, "motion_picture": 9}),
    Sense("n", {"child": 70, "kid": 33}),
    Sense("n", {"year": 700, "twelvemonth": 0}),
    Sense("n", {"story": 20, "tale": 15, "Narrative": 9}),
    Sense("n", {"hour": 60, "minute_hand": 0}),
    Sense("n", {"umbrella": 4, "parasol": 3}),
    Sense("n", {"bank": 20, "shore": 4}),
    Sense("n", {"bank": 19, "bowl": 2}),
    Sense("n", {"bank": 30, "pile": 2}),
    Sense("n", {"bank": 17}),
    Sense("n", {"server": 0, "waiter": 5}),
    Sense("n", {"server": 0, "host": 2}),
    Sense("n", {"saw": 3, "proverb": 2}),
    Sense("n", {"help": 20, "aid": 20}),
    Sense("v", {"help": 20, "assist": 20}, {0: [8]}),
    Sense("v", {"see": 600, "perceive": 40}, {0: [8]}),
    Sense("v", {"buy": 100, "purchase": 34}, {0: [8]}),
    Sense("v", {"stop": 40, "halt": 20, "cease": 19, "quit": 5}, {0: [2]}),
    Sense("v", {"try": 60, "attempt": 20}, {0: [8]}),
    Sense("v", {"end": 30, "finish": 10}, {1: [2, 8], 2: [8]}),
    Sense("v", {"put": 200, "set": 50, "place": 40}, {0: [8]}),
    Sense("a", {"big": 90, "large": 80}),
    Sense("a", {"happy": 30, "glad": 10, "felicitous": 1}),
    Sense("a", {"awake(p)": 9, "wakeful": 9}),
    Sense("r", {"quickly": 50, "rapidly": 40}),
    Sense("r", {"about": 50, "roughly": 40}),
)

IRREGULAR = {
    "noun": {"children": "child"},
    "verb": {"saw": "see", "seen": "see", "bought": "buy", "stopped": "stop", "stopping": "stop", "putting": "put"},
    "adj": {"bigger": "big", "biggest": "big", "happier": "happy"},
    "adv": {},
}


def write_wordnet(folder: Path) -> Path:
    """The files, without those that Debian's package leaves out."""
    folder.mkdir(parents=True)
    counted = []
    for part, (name, number, lexicographer) in KINDS.items():
        data, offsets = HEADER, {}
        for sense in (sense for sense in SENSES if sense.part == part):
            place = f"{len(data.encode()):08d}"
            words = " ".join(f"{word} {len(offsets.get(word, ())):x}" for word in sense.words)
            for word, count in sense.words.items():
                plain = word.partition("(")[0]
                before = offsets.setdefault(plain, [])
                key = f"{plain.lower()}%{number}:{lexicographer:02d}:{len(before):02d}::"
                if count:
                    counted.append(f"{key} {len(before) + 1} {count}\n")
                before.append(place)
            data += (
                f"{place} {lexicographer:02d} {part} {len(sense.words):02x} {words} 000 {_frames(sense)}| a gloss  \n"
            )
        listed = "".join(
            f"{word.lower()} {part} {len(places)} 0 {len(places)} 0 {' '.join(places)}  \n"
            for word, places in sorted(offsets.items())
        )
        (folder / f"data.{name}").write_text(data)
        (folder / f"index.{name}").write_text(HEADER + listed)
        if part != "r":  # one of the files that are made where they are missing
            irregular = IRREGULAR[name].items()
            (folder / f"{name}.exc").write_text("".join(f"{form} {lemma}\n" for form, lemma in irregular))
    (folder / "cntlist.rev").write_text("".join(sorted(counted)))
    (folder / "more").mkdir()
    return folder


def _frames(sense: Sense) -> str:
    if sense.frames is None:
        return ""
    frames = [(word, frame) for word, some in sense.frames.items() for frame in some]
    return f"{len(frames):02d} " + "".join(f"+ {frame:02d} {word:02x} " for word, frame in frames)
