"""Agreement of neighbours. Witnesses: closed forms, a slow loop, laws."""

import math

import numpy as np
import pytest

from likewise.geometry.similarity import neighbour_agreement


def unit(seed: int, texts: int = 40, dim: int = 6) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((texts, dim))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_space_agrees_with_itself_however_it_is_turned() -> None:
    """A closed form, 1, and a law: a rotation changes no neighbour."""
    one = unit(0)
    turned = one @ np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    assert neighbour_agreement(one, one) == neighbour_agreement(one, turned) == 1


def test_it_is_what_a_slow_loop_finds() -> None:
    one, other = unit(2), unit(3, dim=9)
    shares = []
    for text in range(40):
        near = [
            {*sorted((t for t in range(40) if t != text), key=lambda t: -float(side[text] @ side[t]))[:5]}
            for side in (one, other)
        ]
        shares.append(len(near[0] & near[1]) / 5)
    assert neighbour_agreement(one, other, k=5) == pytest.approx(np.mean(shares))


def test_chance_and_the_smallest_corpora() -> None:
    """Closed forms: k / (texts - 1) by chance, within three standard errors; all neighbours are the same ones."""
    found = neighbour_agreement(unit(4, 400), unit(5, 400), k=10)
    assert found == pytest.approx(10 / 399, abs=0.008)
    assert neighbour_agreement(unit(6, 5), unit(7, 5), k=10) == 1
    assert math.isnan(neighbour_agreement(unit(6, 1), unit(7, 1)))
