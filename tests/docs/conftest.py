"""The real lake and its configuration, shared with the integration tests."""

from tests.integration.conftest import configure, dl, lake, no_agent_left

__all__ = ["configure", "dl", "lake", "no_agent_left"]
