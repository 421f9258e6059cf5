"""How sizes, rates and times are written for people; standard library only."""

import math


def size(count: float | None) -> str:
    """Write bytes in decimal units: ``1.5 GB``; a dash where the size is not known."""
    if count is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(count) < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" else f"{_three(count)} {unit}"
        count /= 1000
    return f"{_three(count)} PB"


def _three(value: float) -> str:
    """Write three significant digits."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}"


def percent(fraction: float) -> str:
    """Write a part of 1, rounded down: ``42 %``; never 100 before the end."""
    # 0.29 * 100 is a little less than 29.
    return f"{min(100, max(0, math.floor(fraction * 100 + 1e-9)))} %"


def elided(name: str, width: int) -> str:
    """Cut a long name in its middle, for names of a series differ at their ends."""
    if len(name) <= width:
        return name
    head = (width - 1) * 3 // 5
    return f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"


def duration(seconds: float | None) -> str:
    """Write a time span: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def files(count: int) -> str:
    """Write a number of files."""
    return f"{count:,} file" + ("" if count == 1 else "s")
