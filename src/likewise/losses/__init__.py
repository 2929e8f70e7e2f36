"""Losses: pure functions from vectors to a value and its derivatives. They see no model and no device."""
