"""What others wrote is data: it is never run, leads nowhere else, and is shown as text."""

import ast
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studies.made_advice import make_advice
from studies.small import draw_all, write_page

from normwise.advice.page import write_page as write_advice
from normwise.data.errors import ExtensionError
from normwise.data.file import read_batches, truth_arrays
from normwise.data.imported import import_table, read_source
from normwise.files.arrays import save_arrays
from normwise.files.parquet import write_csv, write_parquet
from normwise.fitting.fits_file import read_estimates
from normwise.study.config import ConfigError, check_config
from normwise.tabular import InputError, read_table

ROOT = Path(__file__).parents[2]
CODE = [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow" / "scripts").glob("*.py")]
UNSAFE = {
    *("eval", "exec", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"),
    *("pickle.load", "pickle.loads", "cloudpickle.load", "cloudpickle.loads", "joblib.load"),
    *("marshal.loads", "shelve.open", "pd.read_pickle", "pandas.read_pickle", "np.load"),
}
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</script><script>alert(3)</script>",
    "'-alert(4)-'",
    "]]><script>alert(5)</script>",
]
# of what a page may ask for
OWN = ("file:", "data:", "blob:")
SMALL = {"n_samples": 20, "n_features": 4, "n_nonzero": 1}


def unsafe(code: str) -> list[str]:
    """Calls by which code would run what it reads."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
            found += [n for n in names if n in ("pickle", "dill", "marshal", "shelve")]
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            found += [name] * (name in UNSAFE)
            found += [
                f"{k.arg}=True"
                for k in node.keywords
                if k.arg in ("shell", "allow_pickle")
                and not (isinstance(k.value, ast.Constant) and k.value.value is False)
            ]
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "np.load(path)",
        "joblib.load(path)",
        "Arrays(path, allow_pickle=True)",
        "Arrays(path, allow_pickle=trusted)",
        "yaml.load(text, Loader=yaml.Loader)",
        "subprocess.run(text, shell=True)",
        "x = eval('1')",
    ],
)
def test_unsafe_code_is_found(code):
    assert unsafe(code)


def test_no_code_of_the_project_runs_what_it_reads():
    assert len(CODE) > 80
    found = {str(p.relative_to(ROOT)): unsafe(p.read_text(encoding="utf-8")) for p in CODE}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_rule_runs_a_shell():
    rules = [*(ROOT / "workflow").rglob("*.smk"), ROOT / "workflow" / "Snakefile"]
    assert len(rules) > 5
    for path in rules:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(shell|run):|\b(eval|exec)\(|shell\(", text, re.MULTILINE), path


class Payload:
    """An object that makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.fixture
def malicious(tmp_path):
    """A file for each reader, in which one array is a pickle; nothing may come of it."""
    trap = tmp_path / "sprung"
    rng = np.random.default_rng(0)
    path = tmp_path / "a.npz"
    plain = {"seed": 1, "start": 0, "X": rng.standard_normal((30, 4)), "y": rng.standard_normal(30)}
    bomb = np.array([Payload(trap)], dtype=object)

    def write(name: str, **arrays: object) -> Path:
        np.savez(path, allow_pickle=True, **(plain | arrays | {name: bomb}))
        return path

    yield write
    assert not trap.exists()
    np.load(path, allow_pickle=True)[sorted(np.load(path).files)[0]]
    for name in np.load(path).files:
        np.load(path, allow_pickle=True)[name]
    # the trap works
    assert trap.exists()


def read_fits(path: Path) -> list:
    return list(read_estimates({"l1": [path]}, "mine"))


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda path: list(read_batches(path, "mine")), "X"),
        (lambda path: list(read_batches(path, "mine")), "scenarios"),
        (lambda path: list(read_batches(path, "mine")), "digests"),
        (truth_arrays, "coef"),
        (read_fits, "responses"),
        (read_fits, "digests"),
        (read_source, "names"),
        (read_table, "names"),
        (read_table, "X"),
    ],
)
def test_pickles_are_refused_by_every_reader(malicious, read, name):
    with pytest.raises((ValueError, InputError)) as error:
        read(malicious(name))
    assert name == "scenarios" or "a.npz" in str(error.value)


def test_objects_are_never_written(tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        save_arrays(tmp_path / "a.npz", {"X": np.array([{}], dtype=object)})
    assert list(tmp_path.iterdir()) == []


def check(schema_file: Path, **changes: object) -> None:
    check_config({"datasets": [{"name": "mine", **SMALL}], **changes}, schema_file, "config.yaml")


NAMES = ["../x", "/etc/x", "..", "a/b", "a\\b", ".a", "", "a b", "<results>", "a\0", "a|b", "{a}"]


@pytest.mark.parametrize(
    "name",
    [
        *NAMES,
        "a\n",
    ],
)
def test_no_name_of_a_data_set_is_a_path(schema_file, name):
    with pytest.raises(ConfigError, match="name"):
        check(schema_file, datasets=[{"name": name, **SMALL}])


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_what_a_config_asks_for_is_a_path(schema_file, name):
    for wanted in (
        {"penalties": ["l1", name]},
        {"metrics": [name]},
        {"replications": {name: 30}},
        {"datasets": [{"name": "mine", "source": name}]},
    ):
        with pytest.raises(ConfigError) as error:
            check(schema_file, **wanted)
        assert "config.yaml" in str(error.value)


REGISTERED = {
    "penalty": """
from normwise.extensions import Penalty, penalty

@penalty
class Mine(Penalty):
    name, label = {name!r}, "mine"
""",
    "metric": """
from normwise.extensions import metric

def mine(fitted):
    return None

mine.__name__ = {name!r}
metric(description="mine")(mine)
""",
    "data set": """
from normwise.extensions import dataset

def mine(rng):
    return {{}}

mine.__name__ = {name!r}
dataset(mine)
""",
}


@pytest.mark.parametrize("kind", REGISTERED)
@pytest.mark.parametrize("name", [*NAMES, "a\n"])
def test_no_name_that_an_extension_registers_is_a_path(extension, kind, name):
    with pytest.raises(ExtensionError) as error:
        extension(REGISTERED[kind].format(name=name))
    assert kind in str(error.value) or "mine.py" in str(error.value)


def test_a_link_in_the_results_does_not_lead_a_table_elsewhere(tmp_path):
    outside = tmp_path / "precious.parquet"
    outside.write_text("mine")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.parquet").symlink_to(outside)
    write_parquet(pd.DataFrame({"a": [1]}), tmp_path / "results" / "a.parquet")
    assert outside.read_text() == "mine"


@pytest.fixture(scope="module")
def evil_page(small_study, tmp_path_factory) -> Path:
    """The page and all figures of a study in which every text of the user's is malicious."""
    folder = tmp_path_factory.mktemp("evil")
    table = folder / "tables.csv"
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((60, len(EVIL))), columns=EVIL)
    frame["target"] = np.where(rng.random(60) < 0.5, EVIL[0], EVIL[1])
    frame.to_csv(table, index=False)
    datasets = [dict(d) for d in small_study.config["datasets"]]
    for i, dataset in enumerate(datasets):
        dataset["title"], dataset["story"] = EVIL[i % 5], EVIL[(i + 1) % 5]
    (folder / "sources").mkdir()
    # one scenario, as of a table of the user's
    own = next(d for d in datasets if d["name"] == "wide")
    source = folder / "sources" / "wide.npz"
    import_table(source, str(table), "target", positive=EVIL[0], largest_mb=10)
    own |= {"source": "semi_synthetic", "file": EVIL[1], "target": EVIL[2]}
    paths = []
    for path in small_study.tables:
        frame = pd.read_parquet(path)
        for column in ("label", "reason", "case", "quantity"):
            if column in frame:
                frame[column] = [EVIL[i % 5] for i in range(len(frame))]
        paths.append(folder / "tables" / path.name)
        write_parquet(frame, paths[-1])
        write_csv(frame, paths[-1].with_suffix(".csv"))
    evil = replace(small_study, config=small_study.config | {"datasets": datasets}, tables=paths)
    plan = draw_all(evil, folder / "figures")
    write_page(evil, plan, folder / "figures", folder / "report.html", sources=[source])
    return folder


class Parsed(HTMLParser):
    """Tags and attributes as a browser sees them."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


PAGES = ("report.html", "evidence.html")


def test_malicious_text_is_shown_in_the_report_and_adds_no_element(evil_page, small_page):
    texts, pictures = [], 0
    for name in PAGES:
        texts.append((evil_page / name).read_text(encoding="utf-8"))
        evil = Parsed(texts[-1])
        plain = Parsed(small_page[0].with_name(name).read_text(encoding="utf-8"))
        assert evil.tags.count("script") == plain.tags.count("script") > 0
        pictures += evil.tags.count("img")
        handlers = [
            [name for name in page.attributes if name.startswith("on")] for page in (evil, plain)
        ]
        assert handlers[0] == handlers[1]
    # one picture a figure
    drawn = (evil_page / "figures").glob("*.svg")
    assert pictures == len([path for path in drawn if not path.stem.endswith("-narrow")])
    # it is there, as text
    for alert in range(1, 6):
        assert any(f"alert({alert})" in text for text in texts)


def test_malicious_text_adds_no_element_to_a_figure(evil_page):
    figures = sorted((evil_page / "figures").glob("*.svg"))
    assert len(figures) > 5
    shown = 0
    for path in figures:
        text = path.read_text(encoding="utf-8")
        parsed = Parsed(text)
        assert not {"script", "img", "foreignobject"} & set(parsed.tags), path
        assert not [name for name in parsed.attributes if name.startswith("on")], path
        shown += "alert(" in text
    assert shown


@pytest.fixture
def quiet(browser):
    """Open a file; a dialog, an error or a request fails the test."""
    page = browser.new_context(offline=True).new_page()
    heard: list[str] = []
    page.on("dialog", lambda d: (heard.append(f"dialog {d.message}"), d.dismiss()))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda m: heard.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: None if r.url.startswith(OWN) else heard.append(r.url))

    def visit(path: Path):
        page.goto(path.as_uri())
        return page

    yield visit
    page.wait_for_timeout(300)
    page.context.close()
    assert heard == []


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_browser_runs_nothing_of_a_malicious_study(evil_page, quiet, name):
    page = quiet(evil_page / name)
    page.wait_for_selector("html[data-ready=yes]")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    # sorting and filtering write cells anew
    for head in page.locator("table th button").all()[:30]:
        head.evaluate("b => b.click()")
    for field in page.locator(".tools input").all():
        field.evaluate("i => { i.value = 'script'; i.dispatchEvent(new Event('input')) }")
    assert page.evaluate("document.querySelectorAll('img[src=x], [onerror]').length") == 0


@pytest.mark.browser
def test_a_browser_runs_nothing_of_a_malicious_advice(tmp_path, quiet):
    advice = make_advice()
    names = tuple(EVIL[i % 5] + " " * (i // 5) for i in range(len(advice.table.names)))
    frame = advice.models.coefs.assign(feature=names)
    advice = replace(
        advice,
        table=replace(advice.table, names=names, target=EVIL[1]),
        models=replace(advice.models, coefs=frame),
    )
    write_advice(advice, tmp_path / "advice.html")
    page = quiet(tmp_path / "advice.html")
    assert page.evaluate("document.querySelectorAll('script, img[src=x], [onerror]').length") == 0
    assert "alert(2)" in page.content()


@pytest.mark.browser
def test_a_browser_runs_nothing_of_a_figure_opened_alone(evil_page, quiet):
    for path in sorted((evil_page / "figures").glob("*.svg")):
        quiet(path)
