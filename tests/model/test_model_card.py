import pytest

from likewise.model.card import Card, readme

CARD = Card(
    recipe={"dim": 256, "temperature": 0.2, "views": "crop,halves"},
    corpus={"name": "reviews.csv", "texts": 25000, "duplicates": 12},
    scores={"MRR": 0.25178, "texts": 2000, "held out": True},
    warnings=("the corpus is small",),
    pairs={"edges": [-1.0, 0.0, 1.0], "positive": [1, 3], "random": [2, 2]},
)


@pytest.mark.parametrize(
    "line",
    [
        "# reviews.csv",
        "A static text encoder: a vocabulary of 30,000 subwords, 256 dimensions,",
        "- texts: 25,000",
        "| MRR | 0.2518 |",
        "| texts | 2,000 |",
        "| held out | True |",
        "| temperature | 0.2 |",
        "| views | crop,halves |",
        "- the corpus is small",
        "The two halves of a text have a cosine of 0.25 on average, those of two texts 0.00.",
        "`sentence_transformers.SentenceTransformer(FOLDER)`",
        "library_name: sentence-transformers",
    ],
)
def test_what_the_card_holds(line: str) -> None:
    """A closed form: settings, counts, scores and warnings, as a person reads them."""
    assert line in readme(CARD, dim=256, vocab=30000)


def test_it_begins_with_a_header() -> None:
    """A closed form: the header that model hubs read comes first, between two lines of dashes."""
    text = readme(CARD, dim=256, vocab=30000)
    assert text.startswith("---\n")
    assert text.count("\n---\n") == 1


def test_a_card_of_nothing() -> None:
    """A closed form: a model that was not trained has a name, and no warnings."""
    text = readme(Card(), dim=2, vocab=3)
    assert "# A text encoder" in text
    assert "Warnings" not in text


@pytest.mark.parametrize("pairs", [{}, {"edges": [-1.0, 1.0], "positive": [0], "random": [0]}])
def test_pairs_that_were_not_measured_are_left_out(pairs: dict[str, list[float]]) -> None:
    """A closed form: no pairs, no average."""
    text = readme(Card(scores={"MRR": 0.5}, pairs=pairs), dim=2, vocab=3)
    assert "on average" not in text
