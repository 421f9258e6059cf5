"""``rucio://`` on the real lake: what programs read is what is there, and nothing is written."""

import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import fsspec
import h5py
import numpy
import pandas
import pyarrow.dataset
import pyarrow.parquet
import pytest
import uproot
from astropy.io import fits
from dask.bytes import read_bytes

import escape_vre
from escape_vre.core.errors import ConfigurationError, NotFoundError
from escape_vre.local.lake import samples
from escape_vre.services.datalake.filesystem.rucio import (
    MissingError,
    ReadOnlyError,
    RucioFile,
    RucioFileSystem,
)
from tests.integration.conftest import asleep, end_agent

pytestmark = pytest.mark.one_agent
NIGHT = "demo/cta.dl2.night-1.parquet"


def sample(name):
    return (files(samples) / name).read_bytes()


@pytest.fixture
def fs(dl):
    return RucioFileSystem(skip_instance_cache=True)


def test_programs_find_it_by_its_scheme(dl):
    assert fsspec.get_filesystem_class("rucio") is RucioFileSystem
    for url in (f"rucio://{NIGHT}", f"rucio://{NIGHT.replace('/', ':', 1)}"):
        with fsspec.open(url) as file:
            assert file.read() == sample("cta.dl2.night-1.parquet")


def test_folders_are_scopes_datasets_and_containers(fs):
    assert {"demo", "cms", "user.demo"} <= set(fs.ls("", detail=False))
    assert NIGHT in fs.ls("rucio://demo", detail=False)
    listed = {entry["name"]: entry for entry in fs.ls("demo/cta.events")}
    assert set(listed) == {
        "demo/cta.events/cta.dl2.night-1.parquet",
        "demo/cta.events/cta.dl2.night-2.parquet",
    }
    one = listed["demo/cta.events/cta.dl2.night-1.parquet"]
    assert one["type"] == "file"
    assert one["size"] == len(sample("cta.dl2.night-1.parquet"))
    assert fs.isdir("demo")
    assert fs.isdir("demo/cta.events")
    assert fs.isfile(NIGHT)
    assert not fs.isfile("demo/cta.events")
    assert fs.glob("rucio://demo/cta.events/*-2.parquet") == [
        "demo/cta.events/cta.dl2.night-2.parquet"
    ]
    assert fs.find("demo/cta.events") == sorted(listed)
    assert [names for _, _, names in fs.walk("demo/cta.events")] == [
        ["cta.dl2.night-1.parquet", "cta.dl2.night-2.parquet"]
    ]


def test_a_file_is_below_its_dataset_and_only_there(dl):
    """A worker that gets such a path has listed nothing."""
    fs = RucioFileSystem(skip_instance_cache=True)
    assert fs.info("demo/cta.events/cta.dl2.night-1.parquet")["ref"] == (
        "rucio:demo:cta.dl2.night-1.parquet"
    )
    assert not fs.exists("demo/virgo.strain/cta.dl2.night-1.parquet")
    assert fs.info("demo/cta.events")["did_type"] == "dataset"


def test_names_with_slashes(fs):
    (dataset,) = [name for name in fs.ls("cms", detail=False) if name.endswith("NANOAOD")]
    found = fs.find(dataset)
    assert len(found) == 2
    direct = next(name for name in fs.ls("cms", detail=False) if name.endswith("0000/1.root"))
    assert fs.cat_file(direct) == sample("cms.dimuons.1.root")
    assert fs.cat_file(found[0]) == sample("cms.dimuons.1.root")
    new = RucioFileSystem(skip_instance_cache=True)  # one that has listed nothing
    assert new.cat_file(found[1]) == sample("cms.dimuons.2.root")


def test_parts_of_a_file(fs):
    whole = sample("cta.dl2.night-1.parquet")
    assert fs.cat_file(NIGHT, 100, 300) == whole[100:300]
    assert fs.cat_file(NIGHT, -8) == whole[-8:]
    assert fs.cat_file(NIGHT, len(whole), len(whole) + 5) == b""
    assert fs.cat_ranges([NIGHT] * 3, [0, 50, -4], [4, 60, None]) == [
        whole[:4],
        whole[50:60],
        whole[-4:],
    ]
    with fs.open(NIGHT) as file:
        assert file.seek(-8, 2) == len(whole) - 8
        assert file.read() == whole[-8:]
        file.seek(0)
        assert file.read(4) == b"PAR1"
    with ThreadPoolExecutor(8) as threads:
        read = threads.map(lambda n: fs.cat_file(NIGHT, n, n + 999), range(0, 20_000, 500))
        assert list(read) == [whole[n : n + 999] for n in range(0, 20_000, 500)]


def test_what_is_not_there(fs):
    with pytest.raises(FileNotFoundError, match="night-1") as raised:
        fs.open("rucio://demo/cta.dl2.nigth-1.parquet")
    assert isinstance(raised.value, NotFoundError)
    assert "Did you mean" in raised.value.hint
    copied = pickle.loads(pickle.dumps(raised.value))
    assert (type(copied), copied.hint) == (MissingError, raised.value.hint)
    assert not fs.exists("rucio://demo/cta.dl2.nigth-1.parquet")
    assert not fs.exists("rucio://no.such.scope/x")
    with pytest.raises(MissingError, match="no scope"):
        fs.ls("rucio://no.such.scope")


@pytest.mark.parametrize(
    "write",
    [
        lambda fs: fs.open(NIGHT, "wb"),
        lambda fs: fs.pipe(NIGHT, b"x"),
        lambda fs: fs.rm(NIGHT),
        lambda fs: fs.mkdir("demo/new"),
        lambda fs: fs.put(__file__, "demo/new"),
        lambda fs: fs.mv(NIGHT, "demo/new"),
        lambda fs: fs.touch("demo/new"),
    ],
)
def test_nothing_is_written(fs, write):
    with pytest.raises(ReadOnlyError, match="%dl put"):
        write(fs)


def test_a_copy_is_compared_with_the_catalogue(fs, tmp_path):
    fs.get(NIGHT, str(tmp_path / "night.parquet"))
    assert (tmp_path / "night.parquet").read_bytes() == sample("cta.dl2.night-1.parquet")
    fs.get("demo/cta.events", str(tmp_path / "events"), recursive=True)
    assert len(list((tmp_path / "events").iterdir())) == 2


def test_pandas_and_pyarrow(fs):
    rows = pandas.read_parquet("rucio://demo/cta.dl2.night-1.parquet")
    table = pyarrow.parquet.read_table(NIGHT, filesystem=fs, columns=[rows.columns[0]])
    assert len(rows) == table.num_rows > 0
    both = pyarrow.dataset.dataset("demo/cta.events", filesystem=fs, format="parquet")
    assert both.count_rows() > len(rows)
    csv = pandas.read_csv("rucio://demo/fermi.lc.3.1-3GeV.csv", comment="#")
    assert len(csv)


def test_astropy(fs):
    with fits.open("rucio://demo/fermi.photons.fits", use_fsspec=True) as found:
        assert len(found[1].data) == found[1].header["NAXIS2"]


def test_uproot(fs):
    with uproot.open("rucio://demo/km3net.arca.root") as found:
        tree = next(value for value in found.values() if hasattr(value, "num_entries"))
        assert tree.num_entries == len(tree.arrays(library="np")[tree.keys()[0]])


def test_h5py(fs):
    with fs.open("demo/virgo.strain.4kHz.hdf5") as file, h5py.File(file) as found:
        names = []
        found.visit(names.append)
        data = [found[name] for name in names if isinstance(found[name], h5py.Dataset)]
        strain = next(one for one in data if one.dtype.kind == "f" and one.size > 1000)
        assert numpy.isfinite(numpy.asarray(strain)).all()


def test_dask_reads_in_other_processes(dl):
    """Workers get a pickle of the file system, and ask the agent themselves."""
    _, blocks = read_bytes("rucio://demo/cta.events/*.parquet", blocksize=None, sample=False)
    parts = [block for of_file in blocks for block in of_file]
    fs = RucioFileSystem()
    assert b"token" not in pickle.dumps(fs).lower()
    read = [part.compute(scheduler="processes", num_workers=1) for part in parts]
    assert read == [sample("cta.dl2.night-1.parquet"), sample("cta.dl2.night-2.parquet")]


def test_members_of_a_zip_archive(lake, dl, tmp_path):
    big = bytes(range(256)) * 40_000
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        archive.writestr("big.bin", big)
        archive.writestr("folder/small.txt", "hello")
    name = f"zipped.{tmp_path.name}.zip"
    lake.upload_many(
        "demo",
        f"zipped.{tmp_path.name}",
        [(name, (tmp_path / "many.zip").read_bytes())],
        site=lake.sites[0],
    )
    with fsspec.open(f"zip://folder/small.txt::rucio://demo/{name}") as file:
        assert file.read() == b"hello"
    archive, _ = fsspec.url_to_fs(f"zip://::rucio://demo/{name}")
    assert archive.ls("", detail=False) == [
        "big.bin",
        "folder",
    ]


def test_a_worker_without_credentials_fails_before_the_first_byte(
    fs, configure, tmp_path, monkeypatch
):
    """Its pickle brings none; what it is told is one sentence."""
    pickled = pickle.dumps(fs)
    monkeypatch.setenv("ESCAPE_VRE_HOME", str(tmp_path))  # as on another machine
    configure()
    try:
        worker = pickle.loads(pickled)
        with pytest.raises(ConfigurationError, match="No data lake is configured") as raised:
            worker.open(f"rucio://{NIGHT}")
        assert raised.value.hint
    finally:
        end_agent()


def test_what_is_here_is_read_from_the_disk(fs, lake):
    """No storage is asked: all of them hang."""
    (path,) = escape_vre.get("demo:lofar.144MHz.2026-02.fits", progress=False)
    name = "rucio://demo/lofar.144MHz.2026-02.fits"
    with asleep(lake, *lake.sites), fs.open(name) as file:
        assert file.name == str(path)
        assert file.read() == path.read_bytes() == fs.cat_file(name)


def test_a_call_chooses_its_ways(dl):
    """``downloaded`` gets a file that nobody has got; ``streamed`` reads past one that is here."""
    name = "demo/fermi.lc.5.10-100GeV.csv"
    with RucioFileSystem(access=["downloaded"], skip_instance_cache=True).open(name) as file:
        here = Path(file.name)
        assert file.read() == here.read_bytes() == sample("fermi.lc.5.10-100GeV.csv")
    streamed = RucioFileSystem(access=["streamed"], skip_instance_cache=True)
    with streamed.open(name) as file:
        assert isinstance(file, RucioFile)
        assert file.read() == here.read_bytes()
    assert streamed.cat_file(name, 0, 10) == here.read_bytes()[:10]


def test_an_open_file_can_be_sent_to_a_worker(fs):
    with fs.open(NIGHT) as file:
        file.seek(1000)
        with pickle.loads(pickle.dumps(file)) as copied:
            assert copied.read(100) == file.read(100) == sample(NIGHT[5:])[1000:1100]
