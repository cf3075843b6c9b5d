"""The bases of the ratios: the least that does the same, each runnable alone."""
