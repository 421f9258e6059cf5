"""Which variables the agent gets from the program that starts it: those listed here, no others.

It outlives the program that started it and works for all of a person's programs, so it must not
hold what belongs to one of them. What a request needs travels with the request (``core/caller``).
Standard library only. See ``docs/adr/0004-client-guard.md``.
"""

from collections.abc import Mapping

MORE = "ESCAPE_VRE_VARIABLES"
"""Names further variables, separated by commas or spaces: a site's ``SCRATCH``, say."""

PERSON = ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME")
SYSTEM = ("PATH", "TZ", "TZDIR", "TMPDIR", "TEMP", "TMP", "LANG", "LANGUAGE")
"""``LC_*`` too."""
PLACES = (  # the bus is where the system's keyring answers
    "ESCAPE_VRE_HOME",
    MORE,
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_CONFIG_PATH",
    "JUPYTER_DATA_DIR",
    "JUPYTER_NO_CONFIG",
    "JUPYTER_PLATFORM_DIRS",
    "JUPYTER_PREFER_ENV_PATH",
)
INTERPRETER = (
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "VIRTUAL_ENV",
    "PYTHONASYNCIODEBUG",
    "PYTHONCOERCECLOCALE",
    "PYTHONDEVMODE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONFAULTHANDLER",
    "PYTHONHASHSEED",
    "PYTHONHOME",
    "PYTHONIOENCODING",
    "PYTHONMALLOC",
    "PYTHONNOUSERSITE",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "PYTHONTRACEMALLOC",
    "PYTHONUNBUFFERED",
    "PYTHONUSERBASE",
    "PYTHONUTF8",
    "PYTHONWARNINGS",
)
LIBRARIES = (
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "MALLOC_ARENA_MAX",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
)
ALLOWED = frozenset({*PERSON, *SYSTEM, *PLACES, *INTERPRETER, *LIBRARIES})


def allowed(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the agent may have, among those of its starter."""
    more = frozenset(variables.get(MORE, "").replace(",", " ").split())
    return {
        name: value
        for name, value in variables.items()
        if name in ALLOWED or name in more or name.startswith("LC_")
    }
