"""Training: the whole way from a corpus to a model: the recipe, the preparation, `train`."""
