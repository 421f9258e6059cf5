"""What Jupyter Server loads: traits, the handler, and how clients are to start an agent."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float

from escape_vre._version import __version__
from escape_vre.core.errors import EscapeError
from escape_vre.core.location import Location, locate
from escape_vre.server.link import AgentLink
from escape_vre.server.proxy import AgentProxyHandler
from escape_vre.server.relay import EventRelay

_RECORDED = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_CONFIG_PATH",
    "JUPYTER_NO_CONFIG",
    "JUPYTER_PREFER_ENV_PATH",
)
EVENTS = Path(__file__).parent / "events"


class EscapeExtension(ExtensionApp):
    """The ESCAPE virtual research environment."""

    name = "escape_vre"
    extension_url = "/lab"
    load_other_extensions = True
    version = __version__

    keep_alive_h = Float(
        24.0,
        help="How long a job that makes progress keeps this server from being culled, hours.",
    ).tag(config=True)

    _relay: EventRelay | None = None

    def initialize_settings(self) -> None:
        """Find the agent's place, without starting one, and prepare to relay its events."""
        app = self.serverapp
        assert app is not None  # noqa: S101 — set by jupyter_server before this is called
        try:
            location = locate()
            root = Path(getattr(app.contents_manager, "root_dir", "") or app.root_dir).absolute()
            _record_launch(location, root)
        except (EscapeError, OSError) as e:
            self.log.warning("escape-vre: %s", e)
            return
        events = app.event_logger
        assert events is not None  # noqa: S101 — as above
        link = AgentLink(location, root)
        self.settings["escape_vre_link"] = link
        for schema in sorted(EVENTS.glob("*.yaml")):
            events.register_event_schema(schema)
        self._relay = EventRelay(
            link,
            logger=events,
            settings=app.web_app.settings,
            keep_alive_h=self.keep_alive_h,
        )
        self._relay.start()

    def initialize_handlers(self) -> None:
        """Forward everything below ``escape-vre/``."""
        self.handlers.append((r"/escape-vre/.*", AgentProxyHandler))

    async def stop_extension(self) -> None:
        """Close the connections to the agent, which continues its jobs."""
        if self._relay is not None:
            await self._relay.stop()
        link: AgentLink | None = self.settings.get("escape_vre_link")
        if link is not None:
            await link.close()


def _record_launch(location: Location, root: Path) -> None:
    """Write down how to start an agent, for kernels and shells that need one first."""
    record: dict[str, Any] = {
        "python": sys.executable,
        "version": __version__,
        "contents_root": str(root),
        "environment": {name: os.environ[name] for name in _RECORDED if name in os.environ},
    }
    if location.read_launch() == record:
        return
    location.make_state()
    part = location.launch.with_suffix(f".{os.getpid()}.tmp")
    part.write_text(json.dumps(record, indent=1))
    part.replace(location.launch)
