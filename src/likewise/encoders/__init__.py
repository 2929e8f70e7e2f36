"""Encoders: ids become unit vectors, and learn from the gradient of those vectors.

`encoder.py` is what the training step and the model ask of one; read it first.

Static:      `static.py` a row a piece · `documents.py` pooled to be found · `lsa.py` without contrastive learning ·
             `blend.py` several side by side · `kernels.py` the loops
Transformer: `transformer.py` any encoder of transformers · `pretrained.py` where it comes from · `scratch.py` from
             nothing · `pooling.py` tokens to one vector
Its speed:   `buckets.py` texts of like length · `padding.py`, `side_by_side.py` encoding them · `packed.py`,
             `compiled.py` the forward pass · `graphs.py` what memory allows · `device.py` what the machine has
Its ways:    `dropout.py` that belongs to the text · `frozen.py` layers that stay · `lora.py` small matrices instead
Exported:    `onnx.py` on onnxruntime, without torch
"""
