"""Classes: who teaches whom, joining, rosters."""
