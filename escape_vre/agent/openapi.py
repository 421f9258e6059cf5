"""``python -m escape_vre.agent.openapi FILE``: write the OpenAPI document of the agent."""

import json
import sys
import tempfile
import time
from pathlib import Path

from traitlets.config import Config

from escape_vre.agent.app import AgentInfo, make_app
from escape_vre.agent.services import Services
from escape_vre.core.keyring import Keyring
from escape_vre.core.location import Location
from escape_vre.core.loops import Loops
from escape_vre.core.registry import installed
from escape_vre.core.settings import Transfers
from escape_vre.jobs.build import make_desk


def document() -> str:
    """Return the OpenAPI document of the installed services, as text: sorted, indented."""

    def unused(*_: object) -> AgentInfo:
        raise NotImplementedError

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        location = Location(state=home, runtime=home, key="openapi")
        desk = make_desk(
            state=home,
            lock=location.lock,
            settings=Transfers(),
            data_dir=Path.cwd,
            service=unused,
            keep_days=1,
            loops=Loops(),
        )
        keyring = Keyring(home)
        app = make_app(
            desk=desk,
            services=Services(installed(), Config(), keyring),
            keyring=keyring,
            info=unused,
            stop=time.time,  # type: ignore[arg-type]
        )
        return json.dumps(app.openapi(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document())
