"""What the exercise service may be told."""

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings; exercise has none of its own."""
