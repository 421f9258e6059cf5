"""Jobs that outlive their clients, and the only writer of downloaded bytes."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """A package that, where it is imported, hides the user's ``escape_vre.jobs()``."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Do what the function of this name does, :func:`escape_vre.client.jobs.jobs`."""
        return import_module("escape_vre.client.jobs").jobs(*arguments, **options)


sys.modules[__name__].__class__ = _Package
