"""English inflection: find the form of a word (`children`: plural of `child`), and put other words into it."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

PartOfSpeech = Literal["n", "v", "a", "r"]
"""Noun, verb, adjective, adverb, as in WordNet."""

Form = Literal["base", "plural", "third", "past", "gerund", "comparative", "superlative"]
"""`past` is also the participle: a verb with two different forms for them is not inflected."""

# Verbs whose past is the verb itself. WordNet lists no irregular form for them.
LIKE_PUT = (
    "beset bet bid broadcast burst cast cost cut fit forecast hit hurt knit let offset overcast put quit read rid set "
    "shed shut slit split spread sweat thrust typeset upset wed wet"
)
INVARIANT = frozenset(LIKE_PUT.split())

# Verbs with one irregular past form, whose participle is the verb itself: it came, it has come.
BASE_IS_PARTICIPLE = frozenset({"become", "come", "outrun", "overcome", "overrun", "rerun", "run"})

SIBILANT = re.compile(r"(?:s|x|z|ch|sh)$")
CONSONANT_Y = re.compile(r"[^aeiou]y$")
ONE_SYLLABLE_CLOSED = re.compile(r"^[^aeiou]*(?:qu)?[aeiouy][^aeiouwxy]$")
VOWELS = re.compile(r"[aeiouy]+")
# By sound: an hour, but a university; an umbrella, but a useful one.
VOWEL_SOUND = re.compile(r"hour|honou?r|honest|heir|(?!eu|ewe|one\b|once\b|uni(?!n|m)|us[aeiu]|ut[aeio]|ura)[aeiou]")


def article(word: str) -> Literal["a", "an"]:
    """Return the indefinite article of a word in lower case."""
    return "an" if VOWEL_SOUND.match(word) else "a"


class Inflector:
    """Find the form of a word, and put other words into the same form.

    Args:
        morphy: returns the lemma of a word for a part of speech, or None; that of WordNet.
        exceptions: for each part of speech, the irregular forms and their lemmas, as WordNet lists them. Doubled
            consonants are irregular there: `stopped` is listed, `visited` is not.
    """

    def __init__(
        self,
        morphy: Callable[[str, str], str | None],
        exceptions: Mapping[PartOfSpeech, Mapping[str, Sequence[str]]],
    ) -> None:
        self._morphy = morphy
        self._forms: dict[tuple[str, str], list[str]] = defaultdict(list)
        for part, irregular in exceptions.items():
            for form, lemmas in irregular.items():
                for lemma in lemmas:
                    self._forms[part, lemma].append(form)

    def form_of(self, word: str, lemma: str, part: PartOfSpeech) -> Form | None:
        """Return the form of `lemma` that the word is; None if it is ambiguous."""
        if word == lemma:
            return None if part == "v" and word in INVARIANT else "base"
        if part == "n":
            return "plural"
        if part == "v":
            if word.endswith("ing"):
                return "gerund"
            return "third" if word.endswith("s") else "past"
        if part == "a":
            return "comparative" if word.endswith("er") else "superlative" if word.endswith("est") else None
        return None

    def inflect(self, lemma: str, part: PartOfSpeech, form: Form) -> str | None:
        """Return the lemma in that form; None unless `morphy` leads the form back to the lemma."""
        if form == "base":
            return lemma
        before, space, last = lemma.rpartition("_")
        if space:  # the last word of a compound noun is inflected
            inflected = self.inflect(last, part, form)
            return None if inflected is None else before + space + inflected
        if form in ("comparative", "superlative"):
            return self._compared(lemma, form)
        if form == "past" and lemma in INVARIANT:
            return lemma
        made = self._past(lemma) if form == "past" else self._regular_or_listed(lemma, part, form)
        return made if made is not None and self._morphy(made, part) == lemma else None

    def _regular_or_listed(self, lemma: str, part: PartOfSpeech, form: Form) -> str | None:
        ending = {"plural": "", "gerund": "ing", "third": "s"}[form]
        listed = [each for each in self._forms.get((part, lemma), ()) if each.endswith(ending)]
        if len(listed) > 1:
            return None  # indices, indexes: it depends on the sense
        if listed:
            return listed[0]
        if form == "gerund":
            return _stem_before_vowel(lemma) + "ing"
        if part == "n" and lemma.endswith(("man", "is")):
            return None  # men or mans, oases or trellises
        return _with_s(lemma)

    def _past(self, lemma: str) -> str | None:
        listed = [each for each in self._forms.get(("v", lemma), ()) if not each.endswith(("ing", "s"))]
        regular = [each for each in listed if each.endswith("ed")]
        # If only a participle in -n is listed, as for show and prove, the past is regular.
        only_participle = len(listed) == 1 and listed[0] in {f"{lemma}n", f"{lemma}en"}
        if len(regular) == 1:
            return regular[0]
        if not listed or only_participle:
            return _with_ed(lemma)
        return listed[0] if len(listed) == 1 and lemma not in BASE_IS_PARTICIPLE else None

    def _compared(self, lemma: str, form: Form) -> str | None:
        ending, word = ("er", "more") if form == "comparative" else ("est", "most")
        syllables = len(VOWELS.findall(lemma.removesuffix("e")))
        if syllables > 2 or (syllables == 2 and not lemma.endswith("y")):
            return f"{word}_{lemma}"
        listed = [each for each in self._forms.get(("a", lemma), ()) if each.endswith(ending)]
        stem = f"{lemma[:-1]}i" if CONSONANT_Y.search(lemma) else _doubled(lemma).removesuffix("e")
        made = listed[0] if listed else stem + ending
        return made if self._morphy(made, "a") == lemma else None


def _with_s(word: str) -> str:
    if CONSONANT_Y.search(word):
        return f"{word[:-1]}ies"
    return f"{word}es" if SIBILANT.search(word) else f"{word}s"


def _with_ed(word: str) -> str:
    if CONSONANT_Y.search(word):
        return f"{word[:-1]}ied"
    return f"{word}d" if word.endswith("e") else f"{_doubled(word)}ed"


def _stem_before_vowel(word: str) -> str:
    if word.endswith("ie"):
        return f"{word[:-2]}y"
    return word[:-1] if word.endswith("e") and not word.endswith(("ee", "oe", "ye")) else _doubled(word)


def _doubled(word: str) -> str:
    """Double the last consonant of a word of one syllable that ends in one vowel and one consonant."""
    return word + word[-1] if ONE_SYLLABLE_CLOSED.match(word) else word
