"""Settings of the agent: traitlets, read from Jupyter's config path and nowhere else.

``escape_vre_config.json``, ``escape_vre_config.py`` and ``escape_vre_config.d/*.json`` are read in
every folder of the path, the most general folder first; what is read later wins. Jupyter Server
does not read traitlets from its own ``config.d``, and the agent must not depend on the environment
of whoever happened to start it, hence files of our own.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from jupyter_core.paths import jupyter_config_path
from traitlets import Bool, Float, Int, TraitError, Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import (
    ConfigError,
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from escape_vre.core.errors import ConfigurationError

CONFIG_NAME = "escape_vre_config"


class Agent(Configurable):
    """Settings of the background process."""

    data_dir = Unicode(
        "data",
        help="Folder for the data that you get, as <scope>/<name>: absolute, such as"
        " /scratch/$USER, or relative to the Jupyter server's contents root. ~ and variables of"
        " the agent's environment are expanded.",
    ).tag(config=True)
    follow_links = Bool(
        True,
        help="Whether a folder chosen in a browser may be one that a symbolic link below the"
        " Jupyter server's contents root leads out of it, such as ~/scratch. Jupyter itself shows"
        " what is behind such links.",
    ).tag(config=True)
    idle_timeout_s = Float(
        900.0,
        help="The agent ends after this long without a request or a job, seconds.",
    ).tag(config=True)
    keep_finished_days = Float(30.0, help="Time that finished jobs stay in the list, days.").tag(
        config=True
    )


class Transfers(Configurable):
    """Settings of transfers."""

    connections = Int(
        16, min=1, help="Maximum number of simultaneous transfer connections, over all hosts."
    ).tag(config=True)
    connections_per_host = Int(
        16, min=1, help="Maximum number of simultaneous transfer connections to one host."
    ).tag(config=True)
    timeout_s = Float(
        60.0,
        help="If a storage sends nothing for this long, the next replica is tried, seconds.",
    ).tag(config=True)
    min_rate_bytes_s = Float(
        1000.0,
        min=0,
        help="A storage that sends less than this over timeout_s is given up for the next replica,"
        " bytes per second.",
    ).tag(config=True)
    reserve_bytes = Int(
        64 * 1024 * 1024,
        help="A transfer is refused if it would leave less than this free on the disk, bytes.",
    ).tag(config=True)


Settings = TypeVar("Settings", bound=Configurable)


def configured(kind: type[Settings], config: Config) -> Settings:
    """Create a group of settings.

    Raises
    ------
    ConfigurationError
        The configuration has a value of the wrong type, or one that is no setting: traitlets
        alone would only warn, and a misspelt name would look like no configuration.
    """
    known = sorted(kind.class_trait_names(config=True))
    for name in config.get(kind.__name__, {}):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"{kind.__name__}.{name} is not a setting.",
                hint=f"Did you mean {near[0]}?" if near else f"Known settings: {', '.join(known)}.",
            )
    try:
        return kind(config=config)
    except TraitError as e:
        raise ConfigurationError(f"{e}", hint="Fix it in escape_vre_config.") from e


def load_config(path: list[str] | None = None) -> Config:
    """Read every configuration file there is.

    Parameters
    ----------
    path : list of str, optional
        Folders, most specific first; default Jupyter's config path.

    Raises
    ------
    ConfigurationError
        A file does not parse; the message names it.
    """
    config = Config()
    for file in _candidates(path):
        config.merge(_load(file))
    return config


def config_files() -> list[Path]:
    """Return the configuration files that are there, the least specific first."""
    return [file for file in _candidates(None) if file.is_file()]


def _candidates(path: list[str] | None) -> Iterator[Path]:
    """Yield where a configuration file may be, in the order in which they are merged."""
    for folder in reversed(path if path is not None else jupyter_config_path()):
        base = Path(folder)
        yield base / f"{CONFIG_NAME}.json"
        yield base / f"{CONFIG_NAME}.py"
        yield from sorted((base / f"{CONFIG_NAME}.d").glob("*.json"))


def _load(file: Path) -> Config:
    kind = PyFileConfigLoader if file.suffix == ".py" else JSONFileConfigLoader
    try:
        return Config(kind(file.name, path=str(file.parent)).load_config())
    except ConfigFileNotFound:
        return Config()
    except (ConfigError, ValueError, SyntaxError, NameError, OSError) as e:
        raise ConfigurationError(
            f"Could not read the configuration file {file}: {e}.",
            hint="Fix the file, or move it away, then try again.",
        ) from e
