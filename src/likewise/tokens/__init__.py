"""Tokens: texts become ragged ids, by a vocabulary learned from the corpus and a compiled tokenizer.

`ragged.py` is what every other room speaks; read it first. `vocabulary.py` learns the pieces, `stems.py` which
words are forms of one another; `compiled.py` cuts texts, with `characters.py` and the loops of `kernels.py`;
`pretrained.py` is the tokenizer of a pretrained encoder. `store.py` keeps the ids of a corpus on disk,
`distinct.py` knows which texts were seen.
"""
