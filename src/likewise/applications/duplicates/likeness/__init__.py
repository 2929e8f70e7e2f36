"""How alike two texts are.

`letters.py` says what is known of each literally, `space.py` where texts are compared by meaning; `features.py` holds
both and compares pairs.
"""
