"""What the tests of this room share."""

from collections.abc import Iterator

import pytest

from likewise.encoders import static


@pytest.fixture(scope="module", autouse=True)
def compiled_way() -> Iterator[None]:
    """A few texts go through the compiled loops too, which they are to test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static, "FEW_TEXTS", 0)
        yield
