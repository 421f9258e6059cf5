"""Where files go: below the destination whatever a catalogue calls them, and only where room is."""

from pathlib import Path

import pytest

from escape_vre.core.errors import NotFoundError, QuotaError
from escape_vre.core.service import FileSource
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.jobs.manifest import Copy, Manifest
from escape_vre.jobs.plan import Plan

HOSTILE = ["../../x", "..", "/etc/passwd", "a\0b", "x" * 250, "new\nline", "~", "a/../../b", "."]


def request(destination, *, refs=("rucio:demo:set",), files=()):
    return GetRequest(
        service="datalake",
        instance="demo",
        account="demo",
        refs=refs,
        files=files,
        destination=str(destination),
        title="demo:set",
    )


def source(*parts, size=1, name=None):
    return FileSource(ref=f"rucio:demo:{name or parts[-1]}", parts=parts, urls=(), bytes=size)


def make_plan(request, sources, manifest, *, reserve):
    plan = Plan(request)
    plan.add(sources)
    plan.resolve(manifest, reserve=reserve, check=lambda: None)
    return plan


@pytest.fixture
def manifest(tmp_path):
    return Manifest(tmp_path / "manifest")


def test_a_hostile_catalogue_writes_nowhere_else(manifest, tmp_path):
    base = tmp_path / "data"
    sources = [source(scope, "set", name) for name in HOSTILE for scope in ("demo", "..")]
    plan = make_plan(request(base), sources, manifest, reserve=0)
    finals = [errand.final for errand in plan.errands()]
    assert len(set(finals)) == len(finals)
    for final in finals:
        assert ".." not in final.parts
        assert final.resolve().is_relative_to(base)
        final.parent.mkdir(parents=True, exist_ok=True)
        final.write_text("it can be made")


def test_files_are_where_the_service_says(manifest, tmp_path):
    files = [source("demo", "set", "a"), source("demo", "set", "other", "b")]
    usual = make_plan(request(tmp_path), files, manifest, reserve=0)
    assert [e.final for e in usual.errands()] == [
        tmp_path / "demo" / "set" / "a",
        tmp_path / "demo" / "set" / "other" / "b",
    ]
    assert usual.path == tmp_path / "demo" / "set"


def test_names_that_differ_in_case_only_get_files_of_their_own(manifest, tmp_path):
    files = [source("demo", "set", name) for name in ("M31.fits", "m31.fits")]
    plan = make_plan(request(tmp_path), files, manifest, reserve=0)
    assert len({str(e.final).casefold() for e in plan.errands()}) == 2


def test_too_little_room_is_refused_with_both_numbers(manifest, tmp_path):
    files = [source("demo", "set", "a", size=10**18)]
    with pytest.raises(QuotaError) as caught:
        make_plan(request(tmp_path), files, manifest, reserve=0)
    assert "1000 PB" in caught.value.message


def test_what_is_here_needs_no_room(manifest, tmp_path):
    there = tmp_path / "demo" / "set" / "a"
    there.parent.mkdir(parents=True)
    there.write_text("x")
    copy = Copy.of(there)
    manifest.record("demo", "rucio:demo:a", copy)
    files = [source("demo", "set", "a", size=10**18)]
    plan = make_plan(request(tmp_path), files, manifest, reserve=0)
    assert next(plan.errands()).known == [copy]


def test_nothing_to_fetch_is_said(manifest, tmp_path):
    with pytest.raises(NotFoundError) as caught:
        make_plan(request(tmp_path, files=("*.fits",)), [], manifest, reserve=0)
    assert "*.fits" in caught.value.message


def test_the_manifest_forgets_what_changed_or_went(manifest, tmp_path):
    file = tmp_path / "f"
    file.write_text("one")
    manifest.record("demo", "rucio:demo:f", Copy.of(file))
    manifest.record_collection(
        "demo", "rucio:demo:set", tmp_path, [("rucio:demo:f", Copy.of(file))]
    )
    assert manifest.collection("demo", "rucio:demo:set").files == 1
    file.write_text("another")
    assert manifest.copies("demo", ["rucio:demo:f"]) == {}
    assert manifest.collection("demo", "rucio:demo:set").files == 0
    assert manifest.copies("elsewhere", ["rucio:demo:f"]) == {}
    assert manifest.collection("demo", "rucio:demo:other") is None
    Path(file).unlink()
    assert manifest.copies("demo", ["rucio:demo:f"]) == {}


def test_a_file_that_came_with_another_collection_counts(manifest, tmp_path):
    files = {}
    for name in ("before", "with_other"):
        (tmp_path / name).write_text("x")
        files[name] = Copy.of(tmp_path / name)
    member = "rucio:demo:f"
    manifest.record("demo", member, files["before"])
    manifest.record_collection("demo", "rucio:demo:set", tmp_path, [(member, files["before"])])
    (tmp_path / "before").unlink()
    assert manifest.collection("demo", "rucio:demo:set").files == 0
    manifest.record("demo", member, files["with_other"])
    manifest.record_collection(
        "demo", "rucio:demo:other", tmp_path, [(member, files["with_other"])]
    )
    assert manifest.collection("demo", "rucio:demo:set").files == 1


def test_two_copies_of_one_file_count_once(manifest, tmp_path):
    copies = []
    for name in ("here", "there"):
        (tmp_path / name).write_text("x")
        copies.append(("rucio:demo:f", Copy.of(tmp_path / name)))
    manifest.record_collection("demo", "rucio:demo:set", tmp_path, copies[:1])
    manifest.record_collection("demo", "rucio:demo:set", tmp_path, copies[1:])
    assert manifest.collection("demo", "rucio:demo:set").files == 1
    (tmp_path / "there").unlink()
    assert manifest.collection("demo", "rucio:demo:set").files == 1
