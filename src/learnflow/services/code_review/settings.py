"""What the code-review service may be told."""

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings; code-review has none of its own."""
