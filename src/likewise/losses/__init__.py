"""Losses: pure functions from vectors to a value and its derivatives. They see no model and no device.

`contrast.py` says what a loss takes and gives, `logits.py` checks that and cuts the logits into tiles, `sums.py` goes
through them twice for every loss that is a formula of sums of exponentials, and `table.py` knows all by name.
"""
