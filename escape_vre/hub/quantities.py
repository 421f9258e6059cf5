"""Amounts of what a pod asks for, as Kubernetes writes them, in words for people."""

import math
import re

_SCALE = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi")
_SCALE |= {unit: 1024.0 ** (n + 1) for n, unit in enumerate(_BINARY)}


def number_of(quantity: str) -> float:
    """Return a quantity of Kubernetes (resource.Quantity) as a number."""
    found = re.fullmatch(r"([\d.]+(?:e[+-]?\d+)?)([a-zA-Z]*)", quantity.strip())
    if not found or (found[2] and found[2] not in _SCALE):
        return math.nan
    return float(found[1]) * _SCALE.get(found[2], 1.0)


def amount_of(name: str, quantity: str) -> str:
    """Return an amount of a resource for people, as ``512 MiB of memory``."""
    number, of = number_of(quantity), thing(name)
    if math.isnan(number) or _is_bytes(name):
        return f"{amount_alone(name, quantity)} of {of}"
    return f"{number:g} {of.removesuffix('s') if number == 1 else of}"


def amount_alone(name: str, quantity: str) -> str:
    """Return the amount alone."""
    number = number_of(quantity)
    if math.isnan(number):
        return quantity
    if not _is_bytes(name):
        return f"{number:g}"
    unit = "B"
    for larger in _BINARY:
        if number < 1024:
            break
        number, unit = number / 1024, f"{larger}B"
    return f"{number:.4g} {unit}"


def _is_bytes(name: str) -> bool:
    return re.search(r"memory|storage$|hugepages", name) is not None


def thing(name: str) -> str:
    """Return what a resource is called by people."""
    bare = re.sub(r"^(?:requests|limits)\.", "", name)
    known = {
        "cpu": "processors",
        "memory": "memory",
        "ephemeral-storage": "disk space",
        "pods": "servers",
        "storage": "storage",
        "persistentvolumeclaims": "storage volumes",
    }
    if bare in known:
        return known[bare]
    if bare.endswith("/gpu") or ".com/gpu" in bare:
        return "graphics processors"
    if bare.endswith(".storage"):
        return "storage"
    return bare
