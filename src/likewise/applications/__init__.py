"""What a model and an index are good for, one file an application."""
