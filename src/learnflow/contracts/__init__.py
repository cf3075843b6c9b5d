"""What the services say to each other: pydantic models and nothing else."""
