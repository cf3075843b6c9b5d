"""Verdicts: computed outside of the sandbox, from data."""
