"""Encoders of transformers: loading, batching, gradient cache, dropout by text, and their ONNX form."""
