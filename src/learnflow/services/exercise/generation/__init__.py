"""New exercises out of templates."""
