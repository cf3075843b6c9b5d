"""The generated reference: `python -m tools.reference` writes it, `--check` compares it with the code."""
