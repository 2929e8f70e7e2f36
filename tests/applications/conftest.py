"""A small model of real texts, for the tests of all applications of this room that want one."""

import pytest


@pytest.fixture(scope="session")
def docs_model(python_docs):
    """A static model of the documentation of the running Python."""
    import likewise

    return likewise.train(python_docs[:1500], dim=48, epochs=2, progress=False)
