"""Encoders: ids become unit vectors, and learn from the gradient of those vectors."""
