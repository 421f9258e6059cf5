"""Makes the lake's sample files, the same bytes every time.

``python make.py [FOLDER]``. Made with Python 3.11, numpy 2.4.6, astropy 8.0.2, uproot 5.7.7,
awkward 2.14.0, pyarrow 26.0.1 and h5py 3.16.0; other versions give the same numbers in slightly
other files (Parquet and VOTable name the version that wrote them).

All of it is synthetic: an invented blazar, SYN J1104+3812b, that flares in spring 2026, as
telescopes of several kinds might have recorded it. Values are rounded, since the last bits of
sine and exponential differ between processors.
"""

import io
import sys
import uuid
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot
from astropy import units as u
from astropy.io import fits
from astropy.io.votable import from_table, writeto
from astropy.table import Table
from astropy.wcs import WCS
from numpy.typing import NDArray

SYNTHETIC = "SYNTHETIC: invented by escape-vre for demonstration, not an observation"
TARGET = "SYN J1104+3812b"
RA_DEG, DEC_DEG = 166.1138, 38.2088
START_MJD = 61041.0
"""1 January 2026."""

Floats = NDArray[np.float64]


def main(folder: Path) -> None:
    """Write all samples into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    light_curves(folder)
    photons(folder)
    radio_images(folder)
    showers(folder)
    neutrinos(folder)
    strain(folder)
    neighbours(folder)
    collisions(folder)


def flare(time: Floats, hardness: float) -> Floats:
    """Return brightness relative to quiescence at ``time``, MJD: a precursor and a great flare.

    Harder photons rise higher and faster, and come a little earlier.
    """
    result = np.ones_like(time)
    for peak, height, rise, decay in ((61068.0, 1.6, 3.0, 7.0), (61091.5, 7.5, 2.2, 9.0)):
        delay = time - peak + 1.5 * hardness
        shape = 2.0 / (np.exp(-delay * (1 + hardness) / rise) + np.exp(delay / decay))
        result += height * (1 + hardness) * shape
    return result


def light_curves(folder: Path) -> None:
    """Daily fluxes in five bands: CSV; time in MJD, fluxes in photons per cm2 and s."""
    random = np.random.RandomState(1)
    time = START_MJD + np.arange(120) + 0.5
    bands = (
        ("100-300MeV", 2.4e-7, 0.0),
        ("300MeV-1GeV", 7.1e-8, 0.15),
        ("1-3GeV", 1.9e-8, 0.35),
        ("3-10GeV", 4.2e-9, 0.6),
        ("10-100GeV", 8.0e-10, 0.9),
    )
    for number, (band, quiet, hardness) in enumerate(bands, 1):
        true = quiet * flare(time, hardness)
        error = 0.06 * np.sqrt(true * quiet) * (1 + hardness) + 0.02 * true
        flux = true + error * random.standard_normal(time.size)
        lines = ["time,flux,flux_err,origin"]
        lines += [
            f"{t:.1f},{f:.3e},{e:.1e},synthetic" for t, f, e in zip(time, flux, error, strict=True)
        ]
        (folder / f"fermi.lc.{number}.{band}.csv").write_text("\n".join(lines) + "\n")


def photons(folder: Path) -> None:
    """Single photons: FITS binary table; seconds, MeV, degrees (ICRS)."""
    random = np.random.RandomState(2)
    count = 1500
    day = np.arange(0, 120, 0.25)
    rate = np.cumsum(flare(START_MJD + day, 0.2))
    when = np.interp(np.sort(random.random_sample(count)), rate / rate[-1], day)
    energy = 100.0 * random.random_sample(count) ** -0.9
    width = 3.0 * (energy / 100.0) ** -0.6 + 0.1
    away = random.standard_normal((2, count)) * width
    columns = [
        fits.Column("TIME", "D", unit="s", array=np.round(when * 86400.0, 3)),
        fits.Column("ENERGY", "E", unit="MeV", array=np.round(energy, 1)),
        fits.Column("RA", "E", unit="deg", array=np.round(RA_DEG + away[0] / 0.79, 4)),
        fits.Column("DEC", "E", unit="deg", array=np.round(DEC_DEG + away[1], 4)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EVENTS")
    table.header["OBJECT"] = TARGET
    table.header["TELESCOP"] = ("SYNTHETIC", "no real instrument")
    table.header["MJDREFI"] = (int(START_MJD), "[d] TIME counts from here")
    table.header["RADESYS"] = "ICRS"
    table.header["COMMENT"] = SYNTHETIC
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(folder / "fermi.photons.fits", overwrite=True)


def radio_images(folder: Path) -> None:
    """Two epochs of a core with a jet whose knot moves: FITS images, Jy/beam."""
    size = 128
    row, column = np.mgrid[0:size, 0:size].astype(float)
    for epoch, knot_at in (("2026-02", 18.0), ("2026-04", 30.0)):
        random = np.random.RandomState(int(epoch[-1]))
        image = 2e-4 * random.standard_normal((size, size))
        spots = [(0.0, 0.082, 2.6), (knot_at, 0.031, 3.4)]
        spots += [
            (step, 0.016 * np.exp(-step / 26.0), 2.6 + step / 22.0) for step in range(4, 56, 4)
        ]
        for distance, peak, width in spots:
            bend = 0.35 * np.sin(distance / 14.0)
            x = 52.0 + distance * np.cos(0.5 + bend)
            y = 50.0 + distance * np.sin(0.5 + bend)
            squared = (column - x) ** 2 + (row - y) ** 2
            image += peak * np.exp(-squared / (2 * width**2))
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---SIN", "DEC--SIN"]
        wcs.wcs.crval = [RA_DEG, DEC_DEG]
        wcs.wcs.crpix = [53.0, 51.0]
        wcs.wcs.cdelt = [-4.0e-4, 4.0e-4]
        hdu = fits.PrimaryHDU(np.round(image, 7).astype(">f4"), header=wcs.to_header())
        hdu.header["OBJECT"] = TARGET
        hdu.header["TELESCOP"] = ("SYNTHETIC", "no real instrument")
        hdu.header["BUNIT"] = "JY/BEAM"
        hdu.header["CRVAL3"] = (1.44e8, "[Hz] observing frequency")
        hdu.header["DATE-OBS"] = f"{epoch}-15T00:00:00"
        hdu.header["COMMENT"] = SYNTHETIC
        hdu.writeto(folder / f"lofar.144MHz.{epoch}.fits", overwrite=True)


def showers(folder: Path) -> None:
    """Reconstructed gamma-ray showers of two nights: Parquet; TeV, degrees."""
    for night in (1, 2):
        random = np.random.RandomState(10 + night)
        count = 1200
        energy = 0.02 * random.random_sample(count) ** -0.75
        spread = 0.12 * (energy / 0.1) ** -0.35 + 0.02
        away = random.standard_normal((2, count)) * spread
        table = pa.table(
            {
                "event_id": pa.array(np.arange(count), pa.int64()),
                "time_mjd": np.round(61090 + night + np.sort(random.random_sample(count)) / 6, 7),
                "energy_tev": np.round(energy, 5),
                "ra_deg": np.round(RA_DEG + away[0] / 0.79, 5),
                "dec_deg": np.round(DEC_DEG + away[1], 5),
                "gammaness": np.round(random.beta(6, 2, count), 4),
            }
        ).replace_schema_metadata({"origin": SYNTHETIC, "target": TARGET})
        pq.write_table(table, folder / f"cta.dl2.night-{night}.parquet", compression="snappy")


def neutrinos(folder: Path) -> None:
    """Neutrino candidates: a TTree ``E`` in a ROOT file; GeV, radians, metres."""
    random = np.random.RandomState(20)
    count = 800
    energy = np.round(100 * random.random_sample(count) ** -0.8, 2)
    branches = {
        "id": np.arange(count, dtype=np.int32),
        "t_mjd": np.round(START_MJD + np.sort(random.random_sample(count)) * 120, 6),
        "energy": energy,
        "zenith": np.round(np.arccos(random.uniform(-1, 0.2, count)), 5),
        "azimuth": np.round(random.uniform(0, 2 * np.pi, count), 5),
        "length": np.round(random.gamma(3.0, 60.0, count), 2).astype(np.float32),
    }
    write_root(folder / "km3net.arca.root", "E", branches)


def strain(folder: Path) -> None:
    """Four seconds of strain with a chirp, 4096 Hz, laid out as the open data: HDF5."""
    random = np.random.RandomState(30)
    rate, seconds = 4096, 4
    time = np.arange(rate * seconds) / rate
    left = np.clip(2.8 - time, 1e-3, None)
    chirp = np.where(
        (time < 2.8) & (time > 0.4), left**-0.25 * np.cos(2 * np.pi * 38 * left**0.625 * 1.6), 0.0
    )
    noise = np.convolve(random.standard_normal(time.size), np.ones(8) / 8, mode="same")
    values = np.round((0.35 * chirp + noise) * 1000).astype(np.int16).astype(np.float64) * 1e-24
    with h5py.File(folder / "virgo.strain.4kHz.hdf5", "w", track_order=False) as file:
        data = file.create_dataset(
            "strain/Strain", data=values, compression="gzip", shuffle=True, track_times=False
        )
        data.attrs["Xspacing"] = 1.0 / rate
        data.attrs["Yunits"] = "strain, dimensionless"
        file["meta/Description"] = SYNTHETIC
        file["meta/Detector"] = "SYN1"
        file["meta/GPSstart"] = 1456531218


def neighbours(folder: Path) -> None:
    """Catalogue of invented sources within a degree: VOTable; degrees, mJy."""
    random = np.random.RandomState(40)
    count = 60
    radius = np.sqrt(random.random_sample(count))
    angle = random.uniform(0, 2 * np.pi, count)
    table = Table(
        {
            "name": [f"SYN {number:03d}" for number in range(count)],
            "ra": np.round(RA_DEG + radius * np.cos(angle) / 0.79, 5) * u.deg,
            "dec": np.round(DEC_DEG + radius * np.sin(angle), 5) * u.deg,
            "flux_144mhz": np.round(2.0 * random.random_sample(count) ** -0.8, 2) * u.mJy,
        }
    )
    document = from_table(table, table_id="neighbours")
    document.description = SYNTHETIC
    writeto(document, str(folder / "vo.neighbours.vot"))


def collisions(folder: Path) -> None:
    """Dimuon events around the Z in two files: a TTree ``Events``; GeV."""
    for part in (1, 2):
        random = np.random.RandomState(50 + part)
        count = 900
        signal = 91.19 + 2.6 * random.standard_cauchy(count)
        below = 40 + 80 * random.random_sample(count)
        inside = (random.random_sample(count) < 0.8) & (abs(signal - 90) < 50)
        mass = np.where(inside, signal, below)
        branches = {
            "event": np.arange(count, dtype=np.int64) + part * 100000,
            "dimuon_mass": np.round(mass, 3).astype(np.float32),
            "muon_pt1": np.round(random.gamma(6.0, 7.0, count), 3).astype(np.float32),
            "muon_pt2": np.round(random.gamma(5.0, 6.5, count), 3).astype(np.float32),
        }
        write_root(folder / f"cms.dimuons.{part}.root", "Events", branches)


def write_root(path: Path, tree: str, branches: dict[str, NDArray[np.generic]]) -> None:
    """Write a ROOT file that names neither its hour, its folder nor a random identity."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, path.name)
    # Into memory: a file would carry the folder it was written in.
    content = io.BytesIO()
    with (
        mock.patch("uproot._util.datetime_to_code", return_value=0),
        uproot.recreate(content, uuid_function=lambda: identity) as file,
    ):
        file[tree] = branches
        file["origin"] = SYNTHETIC
        path.write_bytes(content.getvalue())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
