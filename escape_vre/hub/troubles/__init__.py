"""Why a server does not start: what Kubernetes says, in words for its user.

This only translates: it reads pods and events in Kubernetes' JSON, and sends no request.
"""

from escape_vre.hub.troubles.pods import read
from escape_vre.hub.troubles.refusals import refused
from escape_vre.hub.troubles.trouble import Trouble

__all__ = ["Trouble", "read", "refused"]
