"""Model: a tokenizer and an encoder sealed in a folder that sentence-transformers loads too.

`model.py` is what everything to the right knows; read it first. `folder.py` is the folder of a static one,
`card.py` what it says of itself, `sample.py` the texts that a report shows. `transformer.py` is a transformer with
the same surface, and `beside.py` the static model that stands beside it; `export.py` makes ONNX graphs of it, and
`onnx.py` is the model that runs on them.
"""
