"""What the debug service may be told."""

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings; debug has none of its own."""
