"""What a JupyterHub runs for us: sign-in, sessions that stay fresh, a token for one audience.

Installed with ``escape-vre[hub]``; one line in the hub's configuration, after all others::

    from escape_vre.hub import configure; configure(c, settings)
"""

from escape_vre.hub.configure import configure

__all__ = ["configure"]
