"""Small models, trained once for the tests of all applications."""

import pytest
from classify_texts import opinions


@pytest.fixture(scope="session")
def docs_model(python_docs):
    """A static model of the documentation of the running Python."""
    import likewise

    return likewise.train(python_docs[:1500], dim=48, epochs=2, progress=False)


@pytest.fixture(scope="session")
def opinions_model():
    """A tiny static model of made-up opinions."""
    import likewise

    return likewise.train(opinions(400, 3)[0], dim=16, epochs=2, progress=False)
