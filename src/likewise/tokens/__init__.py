"""Turn texts into ragged token ids, with a vocabulary learned from the corpus and a compiled tokenizer.

Start with `ragged.py`: the type that every other room takes, in memory or on disk. `learning.py` learns the subwords
of a `vocabulary.py`, `stems.py` which words are forms of one another; `tokenizer.py` splits texts, with `characters.py`
and the loops of `kernels.py`; `pretrained.py` wraps the tokenizer of a pretrained encoder; `distinct.py` finds exact
duplicates.
"""
