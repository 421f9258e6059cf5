"""Words in a shell and in a notebook come from the plug-ins, and each imports its own service."""

import json

import pytest

from escape_vre.display.output import in_shell_words

# Runs the command in this process, then says which modules it took.
RUN = """
import json, sys
from escape_vre.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
MAGICS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.completer import provisionalcompleter
import escape_vre

sys.argv = ["ipython"]
shell = InteractiveShell.instance()
escape_vre.load_ipython_extension(shell)
escape_vre.load_ipython_extension(shell)  # as %reload_ext does
loaded = [sorted(set(sys.modules))]
said = []
for line in {lines!r}:
    try:
        shell.run_line_magic(*line.partition(" ")[::2])
    except Exception as e:
        said.append(str(e))
loaded.append(sorted(set(sys.modules)))
with provisionalcompleter():
    found = [[(c.text, c.type) for c in shell.Completer.completions(t, len(t))] for t in {typed!r}]
help = shell.find_line_magic("play").__doc__
print(json.dumps(dict(loaded=loaded, said=said, found=found, help=help)))
"""
LAKE = "escape_vre.services.datalake.cli"


def modules_after(done):
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


def test_help_lists_every_word_without_importing_a_service(beside):
    done = beside("-c", RUN)
    code, modules = modules_after(done)
    assert code == 0
    for words in ("dl        the data lake: list, get", "play      things to play with", "tear "):
        assert words in done.stdout
    assert not modules & {LAKE, "toy_commands", "torn_commands", "escape_vre.local.lake.cli"}


@pytest.mark.parametrize(
    ("words", "taken", "left"),
    [
        (("play",), "toy_commands", LAKE),
        (("play", "show", "bear"), "toy_commands", LAKE),
        (("dl",), LAKE, "toy_commands"),
        (("agent",), "escape_vre.client.cli", LAKE),
        (("lake",), "escape_vre.local.lake.cli", LAKE),
    ],
)
def test_a_word_imports_its_own_commands_only(beside, words, taken, left):
    code, modules = modules_after(beside("-c", RUN, *words))
    assert code == 0
    assert taken in modules
    assert left not in modules
    assert "torn_commands" not in modules


def test_a_hint_is_written_as_a_shell_has_it(beside):
    done = beside("-m", "escape_vre", "play", "show", "car")
    assert done.returncode == 1
    assert done.stderr == "escape-vre: There is no car.\nRun escape-vre play show bear.\n"


def test_what_is_the_same_for_all_services_has_no_further_word_in_a_shell():
    assert in_shell_words("Run %escape jobs, %dl get or %nothing.") == (
        "Run escape-vre jobs, escape-vre dl get or %nothing."
    )


def test_a_service_that_cannot_be_loaded_says_so_under_its_own_word(beside):
    for word, missing in (("tear", "a_module_that"), ("lost", "another_module_that")):
        torn = beside("-m", "escape_vre", word, "it")
        assert torn.returncode == 1
        assert missing in torn.stderr
        assert "Traceback" not in torn.stderr
    for words in (["play", "show", "bear"], ["--help"], ["dl"]):
        assert beside("-m", "escape_vre", *words).returncode == 0
    shared = beside("-m", "escape_vre", "share")
    assert shared.returncode == 1
    assert "Two services have the command share: twain and twin." in shared.stderr
    mistaken = beside("-m", "escape_vre", "show", "bear")
    assert mistaken.returncode == 2
    assert "Did you mean play show?" in mistaken.stderr


def test_a_shell_completes_by_importing_one_service(beside, tmp_path):
    pytest.importorskip("argcomplete")
    line = "escape-vre play show b"
    asked = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE": "1"}
    asked |= {"_ARGCOMPLETE_SUPPRESS_SPACE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_TYPE": "9"}
    asked["_ARGCOMPLETE_STDOUT_FILENAME"] = str(tmp_path / "answer")
    done = beside("-X", "importtime", "-m", "escape_vre", **asked)
    assert (tmp_path / "answer").read_text() == "bear"
    assert "escape_vre.display.parsing" in done.stderr
    assert "escape_vre.services.datalake.api" not in done.stderr


def test_magics_come_from_the_plug_ins_and_import_when_used(beside):
    lines = ["play show bear", "play show car", "tear it", "play shwo", "lost it"]
    typed = ["%play sh", "x = %play show ", "play show ", "%tear ", "%nothing "]
    done = beside("-c", MAGICS.format(lines=lines, typed=typed))
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first == "Here is a bear."
    found = json.loads(last)
    before, after = map(set, found["loaded"])
    assert not before & {LAKE, "toy_commands", "torn_commands"}
    assert "toy_commands" in after
    assert LAKE not in after
    assert found["said"][0] == "There is no car. Run %play show bear."
    assert "a_module_that_is_not_there" in found["said"][1]
    assert "%play: there is no command shwo. Did you mean show?" in found["said"][2]
    assert "The service lost cannot be used" in found["said"][3]
    show, toys, auto, torn, nothing = found["found"]
    assert show == [["show", "command"]]
    assert toys == auto == [["bear", "toy"]]
    assert not {"toy", "command"} & {type_ for _, type_ in torn + nothing}
    assert found["help"] == "Run a command: things to play with. See %play --help."
