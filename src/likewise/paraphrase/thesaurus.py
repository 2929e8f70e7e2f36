"""Synonyms from WordNet, chosen so that they fit without parsing the sentence; and where to find WordNet.

A word is replaced only if it is unambiguous enough: mostly one part of speech, mostly one or two senses. `open_wordnet`
opens the WordNet of NLTK, or a copy of the one that the system has.
"""

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

from likewise.arrays import Float64
from likewise.atomic import locking, replacing_folder
from likewise.errors import InputError
from likewise.paraphrase.inflection import Form, Inflector, PartOfSpeech

Expected = Literal["any", "noun", "verb"]
"""What a word can be after the previous word: `noun` includes adjectives and adverbs, but excludes finite verbs."""

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
"""Function words, which are neither replaced nor used as a replacement."""

UNSEEN = 0.5  # added to every count: a sense that was never counted is rare, not impossible
MAX_SENSES = 2
SECOND_SENSE = 0.5  # minimum frequency of the second sense relative to the first
ONE_PART = 0.7  # minimum share of the occurrences of a word that have the part of speech it is taken for
COVERED = 0.5  # minimum share of the occurrences of a word that have one of the senses used
INFLECTED = 0.3  # WordNet counts all forms of a word together: the share of one form other than the base form
RARER = 0.03  # minimum frequency of a synonym relative to the word in that sense: excludes `twelvemonth` for `year`
FAMILIAR_SENSES = 2  # the sense must be among the first of the synonym, or it would be read in another one

SYSTEM = Path("/usr/share/wordnet")  # of the Debian package wordnet-base

PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")

# NLTK needs a file with the numbered names of the lexicographer files, which Debian leaves out.
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

MISSING = "WordNet is not installed: run `python -m nltk.downloader wordnet`, or `apt install wordnet-base`"


@dataclass(frozen=True)
class Alternatives:
    """The synonyms of a word.

    Attributes:
        words: in the form of the word, in lower case; a noun may consist of two words.
        cumulative: their cumulative probabilities.
    """

    words: tuple[str, ...]
    cumulative: Float64[np.ndarray, " words"]

    def pick(self, chance: float) -> str:
        """Return the word at a cumulative probability, a random number from 0 to 1."""
        return self.words[min(int(np.searchsorted(self.cumulative, chance, side="right")), len(self.words) - 1)]


@dataclass(frozen=True)
class Analysis:
    """One reading of a word, as a form of a lemma.

    Attributes:
        lemma: the dictionary word.
        part: its part of speech.
        form: the form that the word is.
        senses: the synsets of WordNet, the most frequent one first.
        counts: the frequency of each sense in the texts that WordNet counted, plus `UNSEEN`.
    """

    lemma: str
    part: PartOfSpeech
    form: Form | None
    senses: tuple[Any, ...]
    counts: Float64[np.ndarray, " senses"]

    @property
    def weight(self) -> float:
        """The expected frequency of this reading."""
        return float(self.counts.sum()) * (1 if self.form == "base" else INFLECTED)

    def can_be(self, expected: Expected) -> bool:
        """Whether this reading is possible after the previous word. A participle can take the place of an adjective."""
        if expected == "noun":
            return self.part != "v" or self.form in ("past", "gerund")
        return expected == "any" or self.part == "v"

    def frequent_senses(self) -> list[tuple[Any, float]]:
        """The most frequent sense, or two of similar frequency, with their counts; none if other senses matter too."""
        if self.counts[0] == UNSEEN and len(self.senses) > 1:
            return []  # no sense was ever counted: the first one is not likelier than the others
        found = [
            (sense, float(count))
            for sense, count in zip(self.senses[:MAX_SENSES], self.counts, strict=False)
            if count >= SECOND_SENSE * self.counts[0]
        ]
        return found if sum(count for _, count in found) >= COVERED * self.counts.sum() else []


class Thesaurus:
    """Synonyms from WordNet.

    A word is read as its most frequent part of speech, in its most frequent one or two senses; a word without a clear
    reading has no synonyms. The probability of a synonym is proportional to its frequency in that sense.

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
        """Return the synonyms of a word; None if it has none.

        Args:
            word: in lower case.
            expected: what the word can be after the previous word.
        """
        key = (word, expected)
        if key not in self._known:
            if len(self._known) > 1 << 18:
                self._known.clear()  # bounds memory: a corpus can hold any number of misspellings
            self._known[key] = self._synonyms_of(word, expected)
        return self._known[key]

    def _synonyms_of(self, word: str, expected: Expected) -> Alternatives | None:
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
        """The most frequent reading of the word, if it dominates the others."""
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
        """The other words of a sense that fit, with their probabilities."""
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
                and other.syntactic_marker() is None  # such as that of `awake`, which never precedes its noun
                # It must allow every sentence frame of the verb: with an object, without one.
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
    """Read the count of every sense of every word at once; NLTK searches the file for each."""
    with wordnet.open("cntlist.rev") as file:
        listed = (line.split() for line in file)
        return {words[0]: int(words[-1]) for words in listed if len(words) == 3}


def _reads_well(name: str, part: PartOfSpeech) -> bool:
    """Whether it is one word in lower case, or a noun of two; without function words, as in `state of mind`."""
    words = name.split("_")
    return (
        len(words) <= (2 if part == "n" else 1)
        and all(word.isascii() and word.isalpha() and word.islower() and word not in FUNCTION_WORDS for word in words)
        and len(name) > 2
    )


def open_wordnet(*, system: Path = SYSTEM, cache: Path | None = None) -> Any:
    """Open WordNet, from the data of NLTK or else from the files of the system.

    Args:
        system: the folder of the system's WordNet.
        cache: the folder for a copy of the system's WordNet that NLTK can open; `likewise` in the user's cache folder
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
        # NLTK opens only files below the folders it knows. Ours comes last, so that it shadows none.
        nltk.data.path.append(str(copy))
        place = nltk.data.find("corpora/wordnet", [str(copy)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that other languages are missing
        reader = WordNetCorpusReader(place, None)
    # NLTK never closes these files, and Python would raise a ResourceWarning for each.
    weakref.finalize(reader, _close, getattr(reader, "_data_file_map", {}))
    return reader


def _close(files: Mapping[str, Any]) -> None:
    for file in files.values():
        file.close()


def _installed() -> Any:
    """The path of WordNet in the data of NLTK, unpacked or not; None if it is not there."""
    import nltk

    for name in ("corpora/wordnet", "corpora/wordnet.zip/wordnet/"):
        try:
            return nltk.data.find(name)
        except LookupError:
            continue
    return None


def _copied(system: Path, cache: Path) -> Path:
    """Copy the system's WordNet into a folder of NLTK data: NLTK follows no links, and needs additional files."""
    files = sorted(path for path in system.iterdir() if path.is_file())
    listed = "".join(f"{path.name} {path.stat().st_size}\n" for path in files)
    folder = cache / f"wordnet-{hashlib.sha256(listed.encode()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    with locking(folder, overwrite=True, wait=True):  # another process may be at it
        if folder.is_dir():
            return folder
        with replacing_folder(folder) as temporary:
            corpus = temporary / "corpora" / "wordnet"
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
    # By the XDG standard, a relative path is ignored.
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".cache") / "likewise"
