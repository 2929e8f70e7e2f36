"""Encoders: token ids become unit vectors, and learn from the gradient with respect to those vectors.

`encoder.py` is the interface that training and models rely on; read it first.

Static:      `static.py` one embedding row per token id · `quantised.py` the same in int8, for use · `documents.py`
             document pooling · `lsa.py` latent semantic analysis · `concatenation.py` several static encoders as
             components of one · `kernels.py` compiled loops
Transformer: `transformer/` the encoder, batching by length, gradient cache, dropout, freezing, LoRA, loading
"""
