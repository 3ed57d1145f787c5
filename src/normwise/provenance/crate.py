"""What makes a results folder fit to be published: descriptions that other tools read.

``tables/datapackage.json`` is a Data Package (Frictionless), ``ro-crate-metadata.json`` a Workflow
Run RO-Crate.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from normwise.files.whole import write_text
from normwise.provenance.datapackage import LICENCE, TITLE
from normwise.provenance.machine import PACKAGES
from normwise.provenance.record import NAME as RECORD
from normwise.provenance.record import describe_file

CRATE = "ro-crate-metadata.json"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate 0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate 0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate 1.0",
}
HOMES = {
    "joblib": "https://joblib.readthedocs.io/",
    "matplotlib": "https://matplotlib.org/",
    "numba": "https://numba.pydata.org/",
    "numpy": "https://numpy.org/",
    "pandas": "https://pandas.pydata.org/",
    "pyarrow": "https://arrow.apache.org/",
    "scikit-learn": "https://scikit-learn.org/",
    "scipy": "https://scipy.org/",
    "seaborn": "https://seaborn.pydata.org/",
    "snakemake": "https://snakemake.github.io/",
}
MEDIA_TYPES = {
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
    ".npz": "application/zip",
    ".md": "text/markdown",
    "": "text/plain",
}


def write_crate(output: str | Path, files: Iterable[str | Path], record: Mapping[str, Any]) -> None:
    """Describe a results folder as a Workflow Run RO-Crate, profile 0.5.

    Parameters
    ----------
    output : path
        ``ro-crate-metadata.json``, in the results folder.
    files : iterable of path
        Those to be described one by one, ``Snakefile`` and ``config.yaml`` among them.
    record : mapping
        Content of ``provenance.json``.
    """
    folder = Path(output).parent
    paths = sorted(Path(file) for file in files)
    parts = [_file(path, folder) for path in paths]
    names = [part["@id"] for part in parts]
    inputs = [n for n in names if n == "config.yaml" or n.startswith("sources/")]
    results = [n for n in names if n not in (*inputs, "Snakefile", "README.md", RECORD)]
    folders = [
        {"@id": f"{name}/", "@type": "Dataset", "name": name, "description": text}
        for name, text in (
            ("fits", "Coefficients, strengths and certificates, which `normwise verify` needs"),
            ("metrics", "One value for each replicate, which `normwise verify` needs"),
        )
        if (folder / name).is_dir()
    ]
    readme = next((part for part in parts if part["@id"] == "README.md"), {})
    readme |= {"about": {"@id": "./"}} if readme else {}
    names += [entry["@id"] for entry in folders]
    workflow = next(part for part in parts if part["@id"] == "Snakefile")
    workflow |= _workflow(record)
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": _refer(
                "https://w3id.org/ro/crate/1.1",
                "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
            ),
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": TITLE,
            "description": "Tables, figures and report of a study, with what they were made from.",
            "datePublished": record["finished"][:10],
            "license": {"@id": LICENCE["path"]},
            "author": {"@id": "#authors"},
            "conformsTo": _refer(*PROFILES),
            "mainEntity": {"@id": "Snakefile"},
            "mentions": {"@id": "#run"},
            "hasPart": _refer(*names),
        },
        _action(record, inputs, results),
        *parts,
        *folders,
        *_context(record),
    ]
    crate = {
        "@context": [
            "https://w3id.org/ro/crate/1.1/context",
            {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
        ],
        "@graph": graph,
    }
    write_text(output, json.dumps(crate, indent=1) + "\n")


def _refer(*ids: str) -> list[dict[str, str]] | dict[str, str]:
    # a list of one is to be that one
    return [{"@id": i} for i in ids] if len(ids) != 1 else {"@id": ids[0]}


def _file(path: Path, folder: Path) -> dict[str, Any]:
    known = MEDIA_TYPES.get(path.suffix)
    file = describe_file(path)
    return {
        "@id": path.relative_to(folder).as_posix(),
        "@type": "File",
        "name": path.name,
        "contentSize": str(file["bytes"]),
        "encodingFormat": known or mimetypes.guess_type(path.name)[0],
        "sha256": file["sha256"],
    }


def _workflow(record: Mapping[str, Any]) -> dict[str, Any]:
    code = record["code"]
    commit = code["commit"] and f"{code['commit']}{'' if code['clean'] else ' with changes'}"
    return {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "normwise",
        "description": "The entry to the workflow; its rules and scripts are in the project.",
        "version": " ".join(filter(None, (code["version"], commit and f"({commit})"))),
        "license": {"@id": LICENCE["path"]},
        "creator": {"@id": "#authors"},
        "programmingLanguage": {"@id": "#snakemake-language"},
        "softwareRequirements": _refer(*(HOMES[name] for name in PACKAGES)),
    }


def _action(
    record: Mapping[str, Any], inputs: Iterable[str], results: Iterable[str]
) -> dict[str, Any]:
    started = {"startTime": record["started"]} if record["started"] else {}
    return {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Run of the study",
        "description": f"With seed {record['seeds']['root']}; {RECORD} says under which code, "
        "packages and processor, and in how many runs.",
        **started,
        "endTime": record["finished"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": {"@id": "Snakefile"},
        # who ran it is not known
        "agent": {"@id": HOMES["snakemake"]},
        "object": _refer(*inputs),
        "result": _refer(*results),
    }


def _context(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    versions = record["environment"]["packages"]
    return [
        {"@id": "#authors", "@type": "Organization", "name": metadata("normwise")["Author"]},
        {
            "@id": LICENCE["path"],
            "@type": "CreativeWork",
            "name": LICENCE["title"],
            "description": "Of the code and, unless you say otherwise, of the results.",
        },
        *({"@id": i, "@type": "CreativeWork", "name": name} for i, name in PROFILES.items()),
        {
            "@id": "#snakemake-language",
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "url": HOMES["snakemake"],
            "version": versions["snakemake"],
        },
        *(
            {
                "@id": HOMES[name],
                "@type": "SoftwareApplication",
                "name": name,
                "url": HOMES[name],
                "softwareVersion": versions[name],
            }
            for name in PACKAGES
        ),
    ]
