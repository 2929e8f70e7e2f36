"""Encoders of the transformers library, trained and run with torch; `model/onnx.py` runs exported ones without.

`encoder.py` is the encoder; read it first. `gradient_cache.py` fits large batches into memory, `batching.py` groups
texts of similar length, `dropout.py` draws masks that belong to a text, `frozen.py` leaves lower layers untrained,
`lora.py` trains low-rank matrices, `pooling.py` reduces a text's token states to one vector, `loading.py` finds
pretrained encoders and makes new ones.
"""
