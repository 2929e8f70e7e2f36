import numpy as np
import pytest
from views_oracles import vocabulary

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.views.edits import build_dropout


def test_dropout_leaves_the_text_to_the_encoder():
    texts = Ragged.of([[1, 2], [], [3]])
    assert build_dropout(vocabulary(), None)(texts, np.random.default_rng(0)) is texts


def test_dropout_takes_no_number():
    with pytest.raises(InputError, match=r"dropout:0\.1 is not a view, the encoder has its own dropout: write dropout"):
        build_dropout(vocabulary(), 0.1)
