"""The kernel: knows how, never what."""
