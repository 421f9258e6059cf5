"""Find, start and call the agent. Standard library only: it runs in kernels of any environment."""

from escape_vre.client.agent import AgentClient

__all__ = ["AgentClient"]
