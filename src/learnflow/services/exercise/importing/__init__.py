"""Exercises of a school's own: import and export."""
