"""Names to paraphrasers. One contract for every registered name; the errors a user meets."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

from likewise import registry
from likewise.errors import InputError
from likewise.paraphrase import paraphraser as module
from likewise.paraphrase import synonyms
from likewise.paraphrase.paraphraser import PARAPHRASERS, make_paraphraser

TEXTS = ["The children bought a car.", "", "  two\nlines  ", "12 34", "a dog"]


class Loud:
    """Rewrites in capitals."""

    name = "loud"

    def __call__(self, texts, rng):
        return [text.upper() for text in texts]


@pytest.mark.parametrize("name", PARAPHRASERS)
def test_the_contract_of_a_paraphraser(name, wordnet, apertium, monkeypatch):
    """A law for every name: as many texts, what is empty stays empty, the seed decides, and the name is the cache's."""
    monkeypatch.setattr(synonyms, "open_wordnet", lambda: wordnet)
    apertium("cat")
    paraphraser = make_paraphraser(name)
    found = paraphraser(TEXTS, np.random.default_rng(0))
    assert found == paraphraser(TEXTS, np.random.default_rng(0))
    assert len(found) == len(TEXTS)
    assert (found[1], found[3]) == ("", "12 34")
    assert paraphraser.name == make_paraphraser(f" {name} ").name
    assert paraphraser.name.startswith(name)
    assert paraphraser([], np.random.default_rng(0)) == []


def test_an_unknown_name_is_reported_with_the_nearest():
    with pytest.raises(InputError, match=r"'synonims': did you mean synonyms\? The paraphrasers are synonyms, back-tr"):
        make_paraphraser("synonims:0.3")
    with pytest.raises(InputError, match=r"no paraphraser 'zzz': The paraphrasers are "):
        make_paraphraser("zzz")


def test_packages_register_paraphrasers_and_ours_go_first(monkeypatch):
    given = []

    def build(argument):
        given.append(argument)
        return Loud()

    monkeypatch.setattr("likewise.paraphrase.paraphraser.build", build, raising=False)
    registered = [
        EntryPoint(name, f"{module.__name__}:build", module.REGISTRY.group)
        for name in ("loud", "synonyms")
        for _ in range(2)
    ]
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group, name=None: [entry for entry in registered if name in (None, entry.name)],
    )
    assert module.REGISTRY.names() == ["synonyms", "back-translation", "loud"]
    assert make_paraphraser("loud: C:\\x:y ")(["a"], np.random.default_rng(0)) == ["A"]
    assert make_paraphraser("loud").name == "loud"
    assert make_paraphraser("loud:").name == "loud"
    assert given == ["C:\\x:y", None, ""]
    with pytest.raises(InputError, match="expected a share"):
        make_paraphraser("synonyms:9")
