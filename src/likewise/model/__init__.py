"""Model: a tokenizer and an encoder in a folder that sentence-transformers loads too.

`model.py` is the static model; read it first. `transformer.py` is a transformer on torch, with its companion, a static
model of the same corpus, and `onnx.py` one on onnxruntime, with the same surface.
`load.py` picks the class for a folder, `folder.py` is what all folders share, `card.py` describes a
model, `export.py` writes ONNX graphs. `embedder.py` makes checked unit vectors of anything that encodes.
"""
