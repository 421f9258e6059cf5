"""Each target of the Makefile works alone in a fresh clone: it depends on what its recipe uses.

What a recipe uses is read from the code that it calls: the programs of the environment, the
modules that a program or a test imports, what npm's scripts run. What is installed is read from
the recipes of the prerequisites. The two must meet.
"""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
from functools import lru_cache
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SCRIPTS = json.loads((ROOT / "package.json").read_text())["scripts"]
DISTRIBUTIONS = importlib.metadata.packages_distributions()
LOCAL = ("escape_vre", "tests", "bench", "scripts")
BESIDE = {"-m tests.cluster up": "back-ends", "-m tests.cluster test": "back-ends"}
"""What runs where nothing can be downloaded: no import tells of it."""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")


@lru_cache
def rules():
    """Return prerequisites and recipe of each target, as make has read them."""
    database = subprocess.run(
        ["make", "-rRpn", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    variables = dict(re.findall(r"^(\w+) :?= (.*)$", database, re.MULTILINE))
    found = {}
    for block in database.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        head = re.match(r"([\w./-]+):(?!=) ?(.*)", lines[0]) if lines else None
        if head and head[1] != "Makefile" and not head[1].startswith(".PHONY"):
            recipe = [expanded(line[1:], variables) for line in lines[1:] if line[:1] == "\t"]
            wanted = [word for word in head[2].split() if word != "|"]
            if wanted or recipe:
                found[head[1]] = (wanted, recipe)
    return found


def expanded(line, variables):
    for _ in range(3):
        line = re.sub(r"\$\((\w+)\)", lambda m: variables.get(m[1], m[0]), line)
    return line


def closure(target, table):
    """Return a target and all that is made before it or by it."""
    seen, ahead = [], [target]
    while ahead:
        one = ahead.pop()
        if one in seen:
            continue
        seen.append(one)
        prerequisites, recipe = table.get(one, ((), ()))
        called = (
            re.findall(r"\$?\(?\bMAKE\)? --no-print-directory ([\w./-]+)", line) for line in recipe
        )
        ahead += [*prerequisites, *chain.from_iterable(called)]
    return seen


# What is there.


@lru_cache
def installed(requirement):
    """Return the distributions that are installed for a requirement, with all that they need."""
    seen, ahead = set(), [Requirement(requirement)]
    while ahead:
        one = ahead.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            wanted = importlib.metadata.requires(one.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for text in wanted:
            inner = Requirement(text)
            extras = one.extras or {""}
            if not inner.marker or any(inner.marker.evaluate({"extra": e}) for e in extras):
                ahead.append(inner)
    return {name for name, _ in seen}


def offered(target, table):
    """Return what is there once the prerequisites of a target are."""
    found = set()
    for one in closure(target, table):
        for line in table.get(one, ((), ()))[1]:
            if "scripts/install.py" in line:
                for given in re.findall(r'"([^"]+)"', line):
                    found |= installed(given.replace(".[", "escape-vre[").removeprefix("-e "))
            if "make_venv" in line:
                found |= {"pip", "the environment"}
            if "npm ci" in line:
                found.add("npm")
            if "find-chromium" in line:
                found.add("chromium")
            if "tests.back_ends" in line:
                found.add("back-ends")
            if "tests.cluster check" in line:
                found.add("Debian packages")
    return found


# What is used.


def used(line):
    """Return what a line of a recipe, or of a script that it calls, uses."""
    found = set()
    if re.search(r"(?<![\w./-])npm (run|test|ci)|npm\b.*--silent", line):
        found.add("npm")
    for script in re.findall(r"npm (?:run )?(?:--silent |-s )?([\w:]+)", line):
        found |= used_by_npm(script)
    for program in re.findall(r"(?:\.venv|\$venv)/bin/([\w-]+)", line):
        found |= {"the environment", *distribution_of(program)}
    for module in re.findall(r"(?<!\w)-m ([\w.]+)", line):
        found |= used_by_module(module)
    for script in re.findall(r"(?<![\w/])scripts/([\w-]+(?:\.(?:py|mjs))?)", line):
        found |= used_by_script(ROOT / "scripts" / script)
    for words in re.findall(r"-m pytest (.+)", line):
        for word in words.split():
            found |= used_by_tests(ROOT / word) if word.startswith("tests") else set()
    for words, needed in BESIDE.items():
        if words in line:
            found |= {needed, "Debian packages"}
    if "-m tests.cluster test" in line:
        found |= used_by_tests(ROOT / "tests/cluster")
    return found


@lru_cache
def distribution_of(program):
    entries = importlib.metadata.entry_points(group="console_scripts", name=program)
    names = {entry.dist.name for entry in entries if entry.dist}
    if not names and program not in ("python", "pip"):
        names = {importlib.metadata.distribution(program).name}  # a program that is not Python's
    return {canonicalize_name(name) for name in names} - {"pip"}


@lru_cache
def used_by_npm(script):
    if script not in SCRIPTS:
        return set()
    text = SCRIPTS[script]
    found = {"chromium"} if "playwright test" in text else set()
    for one in re.findall(r"[\w:]+", text) if "run-" in text else ():
        found |= used_by_npm(one)
    return found | ({"jupyter-builder"} if "jupyter-builder" in text else set())


@lru_cache
def used_by_script(file):
    text = file.read_text()
    if file.suffix == ".py":
        return used_by_imports(file)
    if file.suffix == ".mjs":
        return {"npm"}
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return set().union(*(used(line) for line in lines)) if lines else set()


@lru_cache
def used_by_module(name):
    if name.split(".")[0] in LOCAL:
        found = set()
        for one in (name, f"{name}.__main__"):
            if path := path_of(one):
                found |= used_by_imports(path)
        return found
    return {canonicalize_name(d) for d in DISTRIBUTIONS.get(name.split(".")[0], [])[:1]} - {"pip"}


@lru_cache
def used_by_tests(folder):
    files = [*folder.rglob("test_*.py"), *folder.rglob("conftest.py"), ROOT / "tests/conftest.py"]
    found = set().union(*(used_by_imports(file) for file in files))
    browser = ROOT / "tests/chromium.py"
    return found | ({"chromium"} if any(browser in loaded_by(file) for file in files) else set())


@lru_cache
def path_of(module):
    base = ROOT / module.replace(".", "/")
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.exists()), None)


@lru_cache
def used_by_imports(file):
    """Return the distributions that a file imports when it is loaded, through our own modules."""
    tops = {name.split(".")[0] for one in loaded_by(file) for name in imported(one)}
    return {canonicalize_name(d) for top in tops - {*LOCAL} for d in DISTRIBUTIONS.get(top, [])[:1]}


@lru_cache
def loaded_by(file):
    """Return the files of ours that are loaded with one, itself among them."""
    seen, ahead = set(), [file]
    while ahead:
        one = ahead.pop()
        if one not in seen:
            seen.add(one)
            ours = (name for name in imported(one) if name.split(".")[0] in LOCAL)
            ahead += [path for name in ours for path in map(path_of, parents(name)) if path]
    return seen


def parents(name):
    parts = name.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


@lru_cache
def imported(file):
    """Return the modules that a file imports at its top level."""
    package = file.parent.relative_to(ROOT).parts
    found = []
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(found)


# The two meet.


def lacking(target, table):
    return {need for line in table[target][1] for need in used(line)} - offered(target, table)


def test_there_are_all_targets():
    said = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(said) <= set(rules())
    assert ".stamps/product" in rules()


@pytest.mark.parametrize("target", sorted(rules()) if shutil.which("make") else ())
def test_a_target_depends_on_what_its_recipe_uses(target):
    assert lacking(target, rules()) == set()


@pytest.mark.parametrize(
    ("target", "without", "need"),
    [
        ("test-cluster", "back-ends", "back-ends"),
        ("cluster", "back-ends", "back-ends"),
        ("test-cluster", "cluster-check", "Debian packages"),
        ("test-cluster", ".stamps/chromium", "chromium"),
        ("test-hub", ".stamps/chromium", "chromium"),
        ("ui", ".stamps/chromium", "chromium"),
        ("lint", ".stamps/test", "ruff"),
        ("unit", ".stamps/test", "pytest"),
        ("chart-schema", ".stamps/test", "jupyterhub"),
        ("docs", ".stamps/docs", "sphinx"),
        ("js", ".stamps/node", "npm"),
        ("api", ".stamps/product", "fastapi"),
        (".stamps/node", ".stamps/venv", "the environment"),
    ],
)
def test_without_a_prerequisite_it_is_said_what_is_missing(target, without, need):
    table = dict(rules())
    # Others may bring the same: here, only this one could.
    cut = {without}
    cut |= {one for one in table if without in closure(one, table)} - {target}
    table[target] = ([w for w in table[target][0] if w not in cut], table[target][1])
    assert need in lacking(target, table)


def test_a_clone_without_anything_is_set_up_by_every_target():
    """Nothing that git does not track is a prerequisite which no rule makes."""
    table = rules()
    for target in table:
        for one in closure(target, table):
            assert one in table or (ROOT / one).is_file() or not one.startswith("."), one


def test_what_is_started_often_is_compiled_once(monkeypatch):
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ  # by tests/conftest.py
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    command = ["make", "--eval=said: ; @env", "said"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "PATH=" in said
    assert "PYTHONDONTWRITEBYTECODE" not in said
