"""Pixels upon pixels: what 16 bits and no division give is what the formula says, for every value."""

import numpy as np
import pytest
from pageside import _pictures

VALUES = np.arange(256)


@pytest.mark.parametrize("below", [0, 1, 127, 128, 254, 255])
def test_every_colour_with_every_alpha_is_rounded_to_nearest(below: int) -> None:
    colour, alpha = (values.astype(np.uint8) for values in np.meshgrid(VALUES, VALUES))
    above = np.stack((colour, colour[::-1], colour[:, ::-1], alpha), axis=2)
    mixed = _pictures.over(above, np.full((256, 256, 3), below, np.uint8))
    exact = (above[:, :, :3] * (share := above[:, :, 3:] / 255.0) + below * (1 - share)).astype(np.float64)
    assert mixed.dtype == np.uint8
    assert np.abs(mixed - exact).max() <= 0.5 + 1e-9


def test_over_white_is_over_a_white_picture() -> None:
    above = np.random.default_rng(0).integers(0, 256, (5, 7, 4), np.uint8)
    assert (_pictures.over_white(above) == _pictures.over(above, np.full((5, 7, 3), 255, np.uint8))).all()
