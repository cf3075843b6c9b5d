"""The built-in tutor's shared knowledge and the only road to a model; only the agents import it."""
