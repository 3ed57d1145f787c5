"""The pages that a visitor of the site can look at without running anything.

python docs/example.py copies the report of the study in results/ to docs/example/, without its
tables, which weigh more than all else, and writes the advice on a table that scikit-learn brings.
Without the results of the default study only the advice is written, and the last report stays.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from normwise.cli import main
from normwise.files.whole import write_text

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "docs" / "example"
PAGES = ("report.html", "evidence.html")
TABLE = "sklearn:diabetes"
NOTE = (
    '<p class="soft">This is a copy for the documentation: it comes without the tables, which a '
    "study of your own has.</p>"
)


def without_tables(page: str) -> str:
    """A page of the report without the files that travel in it, and without links to them."""
    page = re.sub(r'(?s)(id="page-files">).*?(</script>)', r"\1{}\2", page)
    page = re.sub(r'<a href="tables/[^"]*" download="[^"]*">([^<]*)</a>', r"\1", page)
    page = re.sub(r' <span class="beside">[^<]*</span>', "", page)
    return re.sub(r"(<main\b[^>]*>)", rf"\1\n{NOTE}", page, count=1)


def is_default(results: Path) -> bool:
    """Whether a folder holds the default study, and not a quick one or somebody's own."""
    configs = (results / "config.yaml", ROOT / "config" / "config.yaml")
    if not configs[0].is_file():
        return False
    made, default = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in configs)
    names = [[dataset["name"] for dataset in config["datasets"]] for config in (made, default)]
    return names[0] == names[1] and made["replicates"] == default["replicates"]


def write_examples(results: Path, folder: Path) -> list[Path]:
    """Write the pages there can be; which these are."""
    written = []
    for name in PAGES if is_default(results) else ():
        text = (results / name).read_text(encoding="utf-8")
        write_text(folder / name, without_tables(text) if name == "evidence.html" else text)
        written.append(folder / name)
    if main(["advise", TABLE, "--report", str(folder / "advice.html")]):
        raise SystemExit(f"no advice on {TABLE} was written")
    return [*written, folder / "advice.html"]


if __name__ == "__main__":
    EXAMPLE.mkdir(exist_ok=True)
    for path in write_examples(ROOT / "results", EXAMPLE):
        print(path.relative_to(ROOT))
