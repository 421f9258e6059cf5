"""Nobody is spoken to before he is known: folders that others could replace are refused."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from escape_vre.client.wire import SocketConnection
from escape_vre.core.errors import ConfigurationError
from escape_vre.core.location import locate
from escape_vre.core.owner import check_private, peer_uid, why_replaceable

NOBODY = 65534


@pytest.fixture
def ours(tmp_path):
    folder = tmp_path / "above" / "ours"
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    folder.parent.chmod(0o755)
    return folder


def give_away(path):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def test_a_folder_of_ours_is_private(ours):
    check_private(ours)
    ours.parent.chmod(0o1777)
    check_private(ours)


def test_one_that_is_not_there_is_no_error_of_configuration(tmp_path):
    with pytest.raises(FileNotFoundError):
        check_private(tmp_path / "none")


def test_a_folder_of_another_user_is_refused(ours, monkeypatch):
    uid = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: uid)  # need not be root
    with pytest.raises(ConfigurationError, match="belongs to someone else") as caught:
        check_private(ours)
    assert "XDG_RUNTIME_DIR" in caught.value.hint


def test_a_link_is_refused_even_to_a_folder_of_ours(ours, tmp_path):
    (tmp_path / "link").symlink_to(ours)
    with pytest.raises(ConfigurationError, match="is not a folder"):
        check_private(tmp_path / "link")


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(ours, mode):
    ours.chmod(mode)
    with pytest.raises(ConfigurationError, match="Other users can write") as caught:
        check_private(ours)
    assert f"rm -r {ours}" in caught.value.hint


def test_a_folder_above_that_lets_others_rename_is_refused(ours):
    ours.parent.chmod(0o777)
    with pytest.raises(ConfigurationError, match=f"Other users can write to {ours.parent}"):
        check_private(ours)


def test_a_group_above_counts_as_others_unless_it_is_the_administrators(ours):
    ours.parent.chmod(0o775)
    if os.geteuid() == 0:
        assert why_replaceable(ours.parent) is None
        os.chown(ours.parent, -1, 100)
    assert f"write to {ours.parent}" in (why_replaceable(ours.parent) or "")


def test_a_folder_above_of_another_user_is_refused(ours):
    give_away(ours.parent)
    with pytest.raises(ConfigurationError, match=f"{ours.parent} belongs to another user"):
        check_private(ours)


def test_a_link_above_of_another_user_is_refused_though_it_leads_to_ours(ours, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(ours.parent)
    check_private(link / "ours")
    give_away(link)
    with pytest.raises(ConfigurationError, match=f"{link} belongs to another user"):
        check_private(link / "ours")


def test_folders_behind_a_link_count_too(ours, tmp_path):
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose").chmod(0o777)
    (tmp_path / "loose" / "hop").symlink_to("../above")
    (tmp_path / "first").symlink_to("loose/hop")
    with pytest.raises(ConfigurationError, match=f"write to {tmp_path / 'loose'},"):
        check_private(tmp_path / "first" / "ours")


def test_links_in_a_circle_end(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "symbolic links" in (why_replaceable(tmp_path / "a") or "")


def test_a_place_that_others_can_replace_is_passed_over(monkeypatch, short_path):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(short_path))
    assert locate().runtime == short_path / f"escape-vre-{os.getuid()}"
    short_path.chmod(0o777)  # as a Kubernetes volume at /tmp is
    assert short_path not in locate().runtime.parents
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    assert short_path not in locate().runtime.parents


def test_where_no_place_is_safe_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr("escape_vre.core.location.why_replaceable", lambda _: "It rains in")
    with pytest.raises(ConfigurationError, match="no safe place for its socket: It rains in"):
        locate()


def test_the_peer_of_a_socket_is_known(ours):
    path = ours / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        connection = SocketConnection(path, timeout_s=5)
        connection.connect()
        assert peer_uid(connection.sock) == os.getuid()
        accepted, _ = listening.accept()
        assert peer_uid(accepted) == os.getuid()
        accepted.close()
        connection.close()


def test_a_peer_of_another_user_is_sent_nothing(ours, monkeypatch):
    path = ours / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        monkeypatch.setattr("escape_vre.core.owner.peer_uid", lambda _: os.getuid() + 1)
        with pytest.raises(ConfigurationError, match="process of another user listens"):
            SocketConnection(path, timeout_s=5).request("GET", "/agent")
        accepted, _ = listening.accept()
        assert accepted.recv(1) == b""
        accepted.close()


def test_what_another_user_recorded_is_not_run(own_agent):
    (own_agent / "launch.json").write_text('{"python": "/bin/sh"}')
    place = locate()
    assert place.read_launch() == {"python": "/bin/sh"}
    give_away(own_agent / "launch.json")
    assert place.read_launch() == {}


def test_state_of_another_user_is_refused(own_agent):
    give_away(own_agent)
    with pytest.raises(ConfigurationError, match="belongs to another user") as caught:
        locate().make_state()
    assert "ESCAPE_VRE_HOME" in caught.value.hint


def test_others_lose_the_right_to_write_to_our_state(own_agent):
    own_agent.chmod(0o2775)
    place = locate()
    place.make_state()
    assert own_agent.stat().st_mode & 0o022 == 0
    assert Path(own_agent, "log").stat().st_mode & 0o777 == 0o700


def test_roots_folders_are_roots_in_a_namespace_of_one_user_too():
    """As in Apptainer, where what is root's is shown as the overflow user's."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("needs root on Linux")
    code = """
import ctypes, os
from pathlib import Path
from escape_vre.core.owner import why_replaceable
libc = ctypes.CDLL(None)
os.setgid(1234), os.setuid(1234)
libc.prctl(4, 1)  # PR_SET_DUMPABLE, or /proc/self stays root's
if libc.unshare(0x10000000):  # CLONE_NEWUSER
    raise SystemExit(77)
Path("/proc/self/uid_map").write_text("1234 1234 1")
print(os.getuid(), Path("/usr").stat().st_uid, why_replaceable(Path("/usr")))
"""
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if asked.returncode == 77:
        pytest.skip("no user namespaces here")
    assert asked.stdout == f"1234 {NOBODY} None\n", asked.stderr
