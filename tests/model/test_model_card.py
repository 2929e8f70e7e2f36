import pytest

from likewise.model.card import Card, readme

CARD = Card(
    recipe={"dim": 256, "temperature": 0.2, "views": "crop,halves"},
    corpus={"name": "reviews.csv", "texts": 25000, "duplicates": 12},
    scores={"MRR": 0.25178, "texts": 2000, "apart": True},
    warnings=("the corpus is small",),
)


@pytest.mark.parametrize(
    "line",
    [
        "# reviews.csv",
        "A static text encoder: 30,000 pieces, 256 dimensions,",
        "- texts: 25,000",
        "| MRR | 0.2518 |",
        "| texts | 2,000 |",
        "| apart | True |",
        "| temperature | 0.2 |",
        "| views | crop,halves |",
        "- the corpus is small",
        "`sentence_transformers.SentenceTransformer(FOLDER)`",
        "library_name: sentence-transformers",
    ],
)
def test_what_the_card_says(line: str) -> None:
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
