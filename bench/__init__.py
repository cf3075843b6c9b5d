"""Measured programs: each prints rows of the goals beside a base taken in the same run."""
