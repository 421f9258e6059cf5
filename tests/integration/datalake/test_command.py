"""``escape-vre`` in a pipe, in a script, and under hurried fingers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import escape_vre
from escape_vre.cli import main
from escape_vre.core.errors import UsageError
from escape_vre.display.commands import magics
from escape_vre.display.completion import completions
from escape_vre.notebook.grammar import grammar
from tests.catalogue import BODY, Catalogue

LONG = "a.name.longer.than.any.column." * 6 + "csv"
DIDS = [("file", "file10.csv"), ("file", "file2.csv"), ("file", LONG), ("dataset", "set")]
COMMAND = str(Path(sys.executable).with_name("escape-vre"))


@pytest.fixture
def catalogue(configure, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    contents = {"set": [("file", "file10.csv"), ("file", "file2.csv")]}
    with Catalogue(DIDS, contents=contents) as running:
        (tmp_path / "token").write_text("tok")
        entry = {"name": "lab", "title": "The lab's lake", "auth": "token_file"}
        entry |= {"url": running.url, "token_file": str(tmp_path / "token")}
        configure(DataLake={"instances": [entry]}, Agent={"data_dir": str(tmp_path / "data")})
        yield running


def run(*words, **options):
    return subprocess.run(
        [COMMAND, *words], capture_output=True, text=True, timeout=120, check=False, **options
    )


def objects(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_pipe_gets_one_row_a_line_with_nothing_padded_or_cut(catalogue):
    head, *rows = run("dl", "ls", "t").stdout.splitlines()
    assert head.split("\t") == ["type", "name", "size", "files", "state"]
    names = [row.split("\t")[1] for row in rows]
    assert names == ["t:set", f"t:{LONG}", "t:file2.csv", "t:file10.csv"]
    assert not any(field != field.strip() for row in rows for field in row.split("\t"))
    assert run("dl", "ls").stdout == "scope\nt\n"


def test_a_pipe_gets_the_paths_that_arrived_one_a_line(catalogue, tmp_path):
    done = run("dl", "get", "t:set", "--to", "here")
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert sorted(path.name for path in paths) == ["file10.csv", "file2.csv"]
    assert all(path.read_bytes() == BODY for path in paths)
    assert "2 files" in done.stderr


def test_rows_that_stand_for_no_file_are_said_by_command_and_magic(catalogue):
    catalogue.contents["odd"] = [("file", "file2.csv"), ("file", "")]
    catalogue._known |= {"odd": "dataset", "": "file"}
    said = "1 row of the catalogue made no sense and was skipped"
    for state in ("checksums verified", "here already"):
        done = run("dl", "get", "t:odd")
        assert len(done.stdout.splitlines()) == 1
        assert f"{state}; {said} → " in done.stderr
    assert said in run("dl", "jobs").stdout
    assert said in run("dl", "ls", "t:odd").stderr
    quiet = escape_vre.get("t:odd", progress=False)
    assert quiet.note == f"{said}."
    assert repr(quiet).splitlines()[1:] == [quiet.note]


def test_a_file_that_cannot_be_fetched_as_usual_says_so_in_list_and_info(catalogue):
    catalogue.contents["far"] = [("file", "root"), ("file", "tape")]
    catalogue._known |= {"far": "dataset", "root": "file", "tape": "file"}
    catalogue.replicas["root"] = ("root://eos.example.org//f", {})
    catalogue.replicas["tape"] = (f"{catalogue.url}/storage/9", {"type": "TAPE"})
    rows = [row.split("\t") for row in run("dl", "ls", "t:far").stdout.splitlines()[1:]]
    states = {name: state for _, name, _, _, state in rows}
    assert states == {"t:root": "no https (SITE)", "t:tape": "on tape (SITE)"}
    said = dict(line.split("\t") for line in run("dl", "info", "t:root").stdout.splitlines())
    assert said["at SITE"] == "available"
    assert said["access"].startswith("no https: SITE offers it by root only, which escape-vre ")
    assert "access\ton tape: SITE has it on tape only" in run("dl", "info", "t:tape").stdout
    assert "access" not in run("dl", "info", "t:file2.csv").stdout


def test_what_is_no_row_goes_to_standard_error(catalogue):
    done = run("dl", "ls", "t", "--limit", "2")
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == "First 2 shown; use --limit to see more, or narrow the pattern.\n"
    rows = run("dl", "ls", "t", "--limit", "2", "--json")
    assert len(rows.stdout.splitlines()) == 2
    assert rows.stderr == done.stderr
    nothing = run("dl", "ls", "t:zzz*")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == "No DID in t matches zzz*.\n"


@pytest.mark.parametrize("words", [("ls", "t:zzz*"), ("jobs",), ("get", "t:set", "--files", "z")])
def test_nothing_found_is_a_failure_where_that_is_asked_for(catalogue, words):
    assert run("dl", *words).returncode == (0 if words[0] != "get" else 1)
    strict = run("dl", *words, "--strict")
    assert strict.returncode == 1
    assert strict.stdout == ""
    assert strict.stderr.startswith("escape-vre: ")


def test_json_has_a_row_a_line(catalogue, tmp_path):
    assert [row["name"] for row in objects(run("dl", "ls", "t", "--json"))] == [
        "set",
        LONG,
        "file2.csv",
        "file10.csv",
    ]
    assert objects(run("dl", "ls", "--json")) == [{"scope": "t"}]
    assert [row["type"] for row in objects(run("dl", "ls", "t:set", "--json"))] == ["file", "file"]
    got = objects(run("dl", "get", "t:set", "--json"))
    assert [Path(row["path"]).read_bytes() for row in got] == [BODY, BODY]
    (job,) = objects(run("dl", "jobs", "--json"))
    assert job["state"] == "done"
    (info,) = objects(run("dl", "info", "t:set", "--json"))
    assert (info["type"], info["scope"]) == ("dataset", "t")
    (who,) = objects(run("dl", "whoami", "--json"))
    assert who["account"] == "jdoe"
    (agent,) = objects(run("agent", "status", "--json"))
    assert agent["running"]
    assert agent["jobs_running"] == 0


def test_jobs_are_the_same_under_every_word(catalogue):
    assert run("jobs").stderr == "There are no jobs. Run escape-vre dl get to start one.\n"
    assert run("jobs", "--strict").returncode == 1
    run("dl", "get", "t:set")
    (job,) = objects(run("jobs", "--json"))
    assert [job] == objects(run("dl", "jobs", "--json"))
    for words in (("cancel", "zz"), ("dl", "cancel", "zz"), ("retry", "zz")):
        lost = run(*words)
        assert lost.returncode == 1
        assert "No job ids begin with 'zz'.\nRun escape-vre jobs to see their ids." in lost.stderr
    finished = run("retry", job["id"][:4])
    assert finished.returncode == 1
    assert job["id"] in finished.stderr or job["title"] in finished.stderr
    for word, words in (("escape", ["cancel", ""]), ("dl", ["retry", job["id"][:3]])):
        found = completions(grammar(magics()[word]), words)
        assert {str(word): word.type for word in found} == {job["id"]: "job"}


def test_a_reader_that_has_enough_hears_no_complaint(catalogue):
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"'{COMMAND}' dl ls t | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert closed_at_once("dl", "ls", "t") == 141
    assert closed_at_once("dl", "--help") == 0  # argparse sees to that


def closed_at_once(*words):
    """Run a command whose reader has gone before it writes; returns its exit code."""
    with subprocess.Popen(
        [COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        running.stdout.close()  # before there is anything to write
        assert running.stderr.read() == ""
        return running.wait()


@pytest.mark.parametrize("words", [[], ["dl"], ["agent"], ["lake"], ["idp"]])
def test_alone_it_prints_its_help(words, capsys):
    assert main(words) == 0
    said = capsys.readouterr()
    assert said.out.startswith("usage: escape-vre")
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dll"], "escape-vre: there is no command dll. Did you mean dl?"),
        (["get", "t:x"], "escape-vre: there is no command get. Did you mean dl get?"),
        (["dl", "lss"], "escape-vre dl: there is no command lss. Did you mean ls?"),
        (["dl", "ls", "--limti", "3"], "there is no option --limti. Did you mean --limit?"),
        (["dl", "ls", "--type", "filee"], "argument --type: there is no filee. Did you mean file?"),
        (["dl", "ls", "--type", "x"], "choose from all, collection, container, dataset, file"),
        (["dl", "ls", "--limit", "-3"], "argument --limit"),
        (["dl", "ls", "--limit", "0"], "0 is not a number of rows"),
        (["dl", "info", "t:x", "u"], "there is no argument u."),
        (["dl", "info"], "the following arguments are required: scope:name."),
        (["agent", "statsu"], "Did you mean status?"),
        (["lake", "starrt"], "Did you mean start?"),
        (
            ["zzz"],
            "no command zzz; choose from dl, jobs, cancel, retry, login, logout, doctor, agent,",
        ),
    ],
)
def test_a_mistyped_word_names_the_nearest(words, said, capsys):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert "usage: escape-vre" in shown.err.splitlines()[1]


def test_the_magic_names_the_nearest_too():
    with pytest.raises(UsageError, match="Did you mean --strict") as caught:
        grammar(magics()["dl"]).parse_args(["ls", "--strct"])
    assert "%dl ls: there is no option --strct" in str(caught.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["log"], {"login": "command", "logout": "command"}),
        (["ls", "--t"], {"--type": "option"}),
        (["ls", "--type", "da"], {"dataset": "value"}),
        (["ls", "--type=da"], {"--type=dataset": "value"}),
        (["ls", "--type", "file", "--typ"], {}),
        (["get", "--files", "x", "--fil"], {"--files": "option"}),
        (["get", "--to", "d"], {}),
        (["ls", ""], {"t:": "scope"}),
        (["whoami", "--instance", "l"], {"lab": "data lake"}),
        (["login", "--instance", ""], {"lab": "data lake"}),
        (["get", "t:set", "t:file1"], {"t:file10.csv": "DID"}),
        (["ls", "--limit", "3", "t:s"], {"t:set": "DID"}),
    ],
)
def test_tab_completes_words_with_their_type(catalogue, words, expected):
    assert {
        str(word): word.type for word in completions(grammar(magics()["dl"]), words)
    } == expected


def test_tab_completes_in_a_shell(catalogue):
    pytest.importorskip("argcomplete")

    def typed(line):
        more = {"COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE": "1"}
        more |= {"_ARGCOMPLETE_SUPPRESS_SPACE": "1", "_ARGCOMPLETE_IFS": "\n"}
        more |= {"_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(:", "COMP_TYPE": "9"}
        # It answers on descriptor 8, as the shell function that it registers arranges.
        command = ["bash", "-c", f"'{COMMAND}' 8>&1 9>&2 >/dev/null 2>&1"]
        done = subprocess.run(
            command, env={**os.environ, **more}, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert typed("escape-vre dl who") == ["whoami"]
    assert typed("escape-vre dl ls --ty") == ["--type"]
    assert typed("escape-vre ret") == ["retry"]
    assert typed("escape-vre login --ser") == ["--service"]
    assert typed("escape-vre login --service da") == ["datalake"]
    assert typed("escape-vre dl get t:file1") == ["file10.csv"]  # the shell has "t:" already


def test_login_and_logout_are_there_in_python(catalogue):
    assert escape_vre.login() == "You are already signed in: jdoe at The lab's lake."
    with pytest.raises(UsageError, match="no sign-in here"):
        escape_vre.logout()
    assert {"login", "logout"} <= set(dir(escape_vre))
