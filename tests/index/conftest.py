"""An empty collection for each test that needs one."""

import pytest
from index_embedders import Hashed

from likewise.index.collection import Collection


@pytest.fixture
def index(tmp_path):
    with Collection.create(tmp_path / "a.index", Hashed()) as collection:
        yield collection
