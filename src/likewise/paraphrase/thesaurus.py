"""Which words can stand for a word, as far as WordNet can tell without reading the sentence."""

import hashlib
import os
import shutil
import warnings
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float64

from likewise.atomic import replacing_folder
from likewise.errors import InputError
from likewise.paraphrase.inflection import Form, Inflector, PartOfSpeech

__all__ = ["FUNCTION_WORDS", "Alternatives", "Expected", "Thesaurus", "open_wordnet"]


Expected = Literal["any", "noun", "verb"]
"""What a word can be, by the word before it: `noun` is an adjective or an adverb too, but no verb of its own."""

FUNCTION_WORD_LIST = (
    "a about above across after again against ago all almost along already also although always am among an and "
    "another any anybody anyone anything are around as at away back be because been before behind being below "
    "beside besides between beyond both but by can could did do does doing done down during each either else enough "
    "ever every everybody everyone everything except few first for from further get gets getting go goes going gone "
    "got had has have having he hence her here hers herself him himself his how however i if in indeed inside "
    "instead into is it its itself just last least less let like likewise many may me might mine more most much "
    "must my myself near neither never next no nobody none nor not nothing now of off often on once one ones only "
    "onto or other others otherwise ought our ours ourselves out outside over own per perhaps quite rather same "
    "second several shall she should since so some somebody someone something sometimes somewhere soon still such "
    "than that the their theirs them themselves then there therefore these they third this those though through "
    "throughout thus to together too toward towards under unless until up upon us very via was we well were what "
    "whatever when whenever where whereas whether which while who whoever whole whom whose why will with within "
    "without would yet you your yours yourself yourselves zero two three four five six seven eight nine ten eleven "
    "twelve twenty thirty forty fifty hundred thousand million billion dont cant wont im ive id ill hes shes thats "
    "whats didnt doesnt isnt arent wasnt werent couldnt wouldnt shouldnt "
)

FUNCTION_WORDS = frozenset(FUNCTION_WORD_LIST.split())
"""Words that hold a sentence together: they are neither replaced nor put in place of another."""

UNSEEN = 0.5  # added to every count: a sense that never occurred in the counted texts is rare, not impossible
MOST_SENSES = 2
SECOND_SENSE = 0.5  # as often as the first sense, at least, or it is left out
ONE_PART = 0.7  # of the occurrences of a word have the part of speech that is taken for its own, at least
COVERED = 0.5  # of the occurrences of a word have one of the senses whose synonyms are taken, at least
INFLECTED = 0.3  # a count is of all forms of a word: the part of it that one form other than the first has
RARER = 0.03  # as often as the word itself in that sense, at least: `twelvemonth` is no year that anybody has today
FAMILIAR_SENSES = 2  # of a synonym, among which the sense that is meant must be: others would read it in another sense


@dataclass(frozen=True)
class Alternatives:
    """What can stand for a word.

    Attributes:
        words: in the form of the word, in lower case; a noun may be of two words.
        cumulative: the chance of each and of those before it.
    """

    words: tuple[str, ...]
    cumulative: Float64[np.ndarray, " words"]

    def pick(self, chance: float) -> str:
        """The word at a chance between 0 and 1."""
        return self.words[min(int(np.searchsorted(self.cumulative, chance, side="right")), len(self.words) - 1)]


@dataclass(frozen=True)
class Analysis:
    """A word as a form of a dictionary word.

    Attributes:
        lemma: the dictionary word.
        part: its part of speech.
        form: which form of it the word is.
        senses: the synsets of WordNet, the most frequent one first.
        counts: how often each sense occurred in the texts that WordNet counted, and `UNSEEN` more.
    """

    lemma: str
    part: PartOfSpeech
    form: Form | None
    senses: tuple[Any, ...]
    counts: Float64[np.ndarray, " senses"]

    @property
    def weight(self) -> float:
        """How often the word is to be expected to be this."""
        return float(self.counts.sum()) * (1 if self.form == "base" else INFLECTED)

    def can_be(self, expected: Expected) -> bool:
        """Whether the word can be this where that is expected. A participle stands where an adjective does."""
        if expected == "noun":
            return self.part != "v" or self.form in ("past", "gerund")
        return expected == "any" or self.part == "v"

    def frequent_senses(self) -> list[tuple[Any, float]]:
        """The most frequent sense, or two that are about as frequent, with their counts; none if others matter too."""
        if self.counts[0] == UNSEEN and len(self.senses) > 1:
            return []  # none was ever counted: the first one is no likelier than another
        found = [
            (sense, float(count))
            for sense, count in zip(self.senses[:MOST_SENSES], self.counts, strict=False)
            if count >= SECOND_SENSE * self.counts[0]
        ]
        return found if sum(count for _, count in found) >= COVERED * self.counts.sum() else []


class Thesaurus:
    """Synonyms by WordNet.

    The word is taken as the part of speech that it is most often, in its most frequent sense or two; one that has no
    such is left alone. Each synonym has a chance in proportion to how often it occurs in that sense.

    Args:
        wordnet: NLTK's reader.
    """

    def __init__(self, wordnet: Any) -> None:
        self._wordnet = wordnet
        self._exceptions: dict[PartOfSpeech, dict[str, list[str]]] = {
            "n": _irregular_forms(wordnet, "noun"),
            "v": _irregular_forms(wordnet, "verb"),
            "a": _irregular_forms(wordnet, "adj"),
        }
        self._inflector = Inflector(wordnet.morphy, self._exceptions)
        self._counts = _sense_counts(wordnet)
        self._known: dict[tuple[str, Expected], Alternatives | None] = {}

    def alternatives(self, word: str, expected: Expected = "any") -> Alternatives | None:
        """What can stand for a word, given in lower case; None if nothing can.

        Args:
            word: in lower case.
            expected: what it can be where it stands.
        """
        key = (word, expected)
        if key not in self._known:
            if len(self._known) > 1 << 18:
                self._known.clear()  # a corpus has no end of misspellings
            self._known[key] = self._look_up(word, expected)
        return self._known[key]

    def _look_up(self, word: str, expected: Expected) -> Alternatives | None:
        best = None if word in FUNCTION_WORDS else self._likeliest(word, expected)
        if best is None or best.form is None:
            return None
        found: dict[str, float] = {}
        for sense, count in best.frequent_senses():
            for other, chance in self._synonyms(sense, best).items():
                inflected = self._inflector.inflect(other, best.part, best.form)
                if inflected is not None and inflected != word:
                    found[inflected] = found.get(inflected, 0) + count * chance
        if not found:
            return None
        chances = np.fromiter(found.values(), np.float64)
        return Alternatives(tuple(each.replace("_", " ") for each in found), np.cumsum(chances / chances.sum()))

    def _likeliest(self, word: str, expected: Expected) -> Analysis | None:
        """What the word is most often, if it is hardly ever something else there."""
        analyses = [
            analysis
            for part in get_args(PartOfSpeech)
            for analysis in self._analyses(word, part)
            if analysis.can_be(expected)
        ]
        total = sum(analysis.weight for analysis in analyses)
        best = max(analyses, key=lambda analysis: analysis.weight, default=None)
        return None if best is None or best.weight < ONE_PART * total else best

    def _analyses(self, word: str, part: PartOfSpeech) -> list[Analysis]:
        lemmas = dict.fromkeys([self._wordnet.morphy(word, part), *self._exceptions.get(part, {}).get(word, ())])
        found = []
        for lemma in lemmas:
            senses = self._wordnet.synsets(lemma, part) if lemma else []
            if senses:
                counts = np.asarray([self._count(sense, lemma) for sense in senses]) + UNSEEN
                form = self._inflector.form_of(word, lemma, part)
                found.append(Analysis(lemma, part, form, tuple(senses), counts))
        return found

    def _count(self, sense: Any, lemma: str) -> int:
        return sum(self._counts.get(each.key(), 0) for each in sense.lemmas() if each.name().lower() == lemma)

    def _synonyms(self, sense: Any, of: Analysis) -> dict[str, float]:
        """The other words of a sense that read well, with the chance of each among them."""
        least = RARER * (self._count(sense, of.lemma) + UNSEEN)
        frames = {frame for each in sense.lemmas() if each.name() == of.lemma for frame in each.frame_ids()}
        found: dict[str, float] = {}
        for other in sense.lemmas():
            name, count = other.name(), self._counts.get(other.key(), 0)
            if (
                name != of.lemma
                and _reads_well(name, of.part)
                and count + UNSEEN >= least
                and (count > 0 or "_" not in name)
                and of.lemma not in name.split("_")
                and other.syntactic_marker() is None  # as of `awake`, which never stands before its noun
                # It must fit into every frame of sentence that the verb can have: with an object, without one.
                and frames <= set(other.frame_ids())
                and sense in self._wordnet.synsets(name, of.part)[:FAMILIAR_SENSES]
            ):
                found[name] = count + UNSEEN
        total = sum(found.values())
        return {name: count / total for name, count in found.items()}


def _irregular_forms(wordnet: Any, name: str) -> dict[str, list[str]]:
    with wordnet.open(f"{name}.exc") as file:
        listed = (line.split() for line in file)
        return {words[0]: words[1:] for words in listed if words}


def _sense_counts(wordnet: Any) -> dict[str, int]:
    """How often each sense of each word was counted; NLTK would look for one at a time, in the file."""
    with wordnet.open("cntlist.rev") as file:
        listed = (line.split() for line in file)
        return {words[0]: int(words[-1]) for words in listed if len(words) == 3}


def _reads_well(name: str, part: PartOfSpeech) -> bool:
    """One word in lower case; as a noun also two, neither of which is a function word, as in `state of mind`."""
    words = name.split("_")
    return (
        len(words) <= (2 if part == "n" else 1)
        and all(word.isascii() and word.isalpha() and word.islower() and word not in FUNCTION_WORDS for word in words)
        and len(name) > 2
    )


SYSTEM = Path("/usr/share/wordnet")  # where the Debian package wordnet-base puts it

PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")

# NLTK wants a file with the names of the lexicographers' files, by their numbers. Debian leaves it out.
LEXICOGRAPHERS = {
    "adj": ("all", "pert"),
    "adv": ("all",),
    "noun": (
        "Tops", "act", "animal", "artifact", "attribute", "body", "cognition", "communication", "event", "feeling",
        "food", "group", "location", "motive", "object", "person", "phenomenon", "plant", "possession", "process",
        "quantity", "relation", "shape", "state", "substance", "time",
    ),
    "verb": (
        "body", "change", "cognition", "communication", "competition", "consumption", "contact", "creation", "emotion",
        "motion", "perception", "possession", "social", "stative", "weather",
    ),
}  # fmt: skip

MISSING = "WordNet is not on this machine: run `python -m nltk.downloader wordnet`, or `apt install wordnet-base`"


def open_wordnet(*, system: Path = SYSTEM, cache: Path | None = None) -> Any:
    """NLTK's reader of WordNet, from the data of NLTK or else from the files of the system.

    Args:
        system: the folder of the system's WordNet.
        cache: where a copy of the system's WordNet is kept that NLTK can open; `likewise` in the user's cache folder
            if None.

    Returns:
        An `nltk.corpus.reader.wordnet.WordNetCorpusReader`.

    Raises:
        InputError: NLTK or WordNet is not installed, or the copy cannot be written.
    """
    try:
        import nltk
    except ModuleNotFoundError:
        raise InputError("synonyms need NLTK: pip install 'likewise[paraphrase]'") from None
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    place = _installed()
    if place is None:
        if not (system / "data.noun").is_file():
            raise InputError(MISSING)
        copy = _copied(system, _cache_folder() if cache is None else cache)
        # NLTK opens only what lies below the folders it knows. Ours comes last, so that it stands before nothing.
        nltk.data.path.append(str(copy))
        place = nltk.data.find("corpora/wordnet", [str(copy)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that there are no other languages, which nobody asked for
        reader = WordNetCorpusReader(place, None)
    # It never closes the files that it looks synsets up in, and Python would complain of each.
    weakref.finalize(reader, _close, getattr(reader, "_data_file_map", {}))
    return reader


def _close(files: Mapping[str, Any]) -> None:
    for file in files.values():
        file.close()


def _installed() -> Any:
    """Where the data of NLTK has WordNet, unpacked or not, or None."""
    import nltk

    for name in ("corpora/wordnet", "corpora/wordnet.zip/wordnet/"):
        try:
            return nltk.data.find(name)
        except LookupError:
            continue
    return None


def _copied(system: Path, cache: Path) -> Path:
    """A folder of NLTK data with a copy of the system's WordNet: NLTK follows no links and wants two files more."""
    files = sorted(path for path in system.iterdir() if path.is_file())
    told = "".join(f"{path.name} {path.stat().st_size}\n" for path in files)
    folder = cache / f"wordnet-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        with replacing_folder(folder) as beside:
            corpus = beside / "corpora" / "wordnet"
            corpus.mkdir(parents=True)
            for path in files:
                shutil.copyfile(path, corpus / path.name)
            names = [f"{kind}.{name}" for kind in ("adj", "adv", "noun", "verb") for name in LEXICOGRAPHERS[kind]]
            numbered = "".join(
                f"{number:02d}\t{name}\t{PARTS_OF_SPEECH.index(name.partition('.')[0]) + 1}\n"
                for number, name in enumerate([*names, "adj.ppl"])
            )
            (corpus / "lexnames").write_text(numbered, encoding="ascii")
            for name in (*(f"{kind}.exc" for kind in PARTS_OF_SPEECH), "cntlist.rev", "index.sense"):
                (corpus / name).touch()
    return folder


def _cache_folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The standard says that a path which is not absolute is to be ignored.
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".cache") / "likewise"
