"""Optimisation: where encoder, views, negatives and loss meet. Read `step.py` first, then `loop.py`."""
