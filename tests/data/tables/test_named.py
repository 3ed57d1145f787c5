"""Tables that have a name: those inside scikit-learn, and those of OpenML."""

import http.server
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from normwise.tabular import InputError, read_table

TABLES = Path(__file__).with_name("files")


@pytest.mark.parametrize(
    ("name", "options", "response", "shape"),
    [
        ("diabetes", {}, "gaussian", (442, 10)),
        ("breast_cancer", {}, "binary", (569, 30)),
        ("digits", {}, "multinomial", (1797, 61)),
        ("wine", {}, "multinomial", (178, 13)),
        ("digits", {"positive": 8}, "binary", (1797, 61)),
        ("wine", {"positive": "class_1"}, "binary", (178, 13)),
        ("iris", {"positive": "virginica"}, "binary", (150, 4)),
        ("linnerud", {"target": "Pulse"}, "gaussian", (20, 3)),
    ],
)
def test_tables_inside_scikit_learn(name, options, response, shape):
    from sklearn import datasets

    table = read_table(f"sklearn:{name}", **options)
    assert (table.response, table.X.shape) == (response, shape)
    raw = getattr(datasets, f"load_{name}")().target
    if name == "breast_cancer":
        assert table.classes == ("benign", "malignant")
        np.testing.assert_array_equal(table.y, raw == 0)
    if response == "multinomial":
        np.testing.assert_array_equal(table.y, raw)
    if name == "iris":
        assert table.classes == ("not virginica", "virginica")
        np.testing.assert_array_equal(table.y, raw == 2)
    if name == "digits" and response == "binary":
        np.testing.assert_array_equal(table.y, raw == 8)


def test_names_of_collections():
    with pytest.raises(InputError, match=r"no table 'diabtes' \(did you mean diabetes\?\)"):
        read_table("sklearn:diabtes")
    with pytest.raises(InputError, match=r"no target given: .*Weight, Waist, Pulse"):
        read_table("sklearn:linnerud")
    with pytest.raises(InputError, match="openml:ID, openml:NAME or openml:NAME@VERSION"):
        read_table("openml:iris@latest")


# OpenML, by scikit-learn's own loader


REPLIES = {
    "/api/v1/json/data/list/data_name/clinic/limit/2/data_version/1": "list.json",
    "/api/v1/json/data/90001": "description.json",
    "/api/v1/json/data/features/90001": "features.json",
    "/api/v1/json/data/qualities/90001": "qualities.json",
    "/data/v1/download/90001/clinic.arff": "clinic.arff",
}


class OpenML(http.server.BaseHTTPRequestHandler):
    """The few replies that `fetch_openml` asks for."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name = REPLIES.get(self.path)
        host = f"http://{self.headers['Host']}"
        content = b"" if name is None else (TABLES / "openml" / name).read_bytes()
        content = self.server.alter(content.replace(b"HOST", host.encode()))
        # 412 is OpenML's code for what it does not know
        self.send_response(412 if name is None else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def openml(tmp_path, monkeypatch):
    from sklearn.datasets import _openml

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OpenML)
    server.asked, server.alter = [], lambda content: content
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    server.close_all = close
    host = f"http://127.0.0.1:{server.server_port}"
    for name in ("_SEARCH_NAME", "_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES"):
        here = getattr(_openml, name).replace("https://www.openml.org", host)
        monkeypatch.setattr(_openml, name, here)
    monkeypatch.setattr(_openml, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield server
    if thread.is_alive():
        close()


@pytest.mark.parametrize("name", ["openml:90001", "openml:clinic@1"])
def test_openml_is_read_and_kept(openml, name):
    table = read_table(name)
    assert (table.target, table.response, table.classes) == ("outcome", "binary", ("died", "lived"))
    assert table.X.shape == (30, 5)
    assert table.names[:2] == ("age", "pressure")
    assert table.names[-1] == "pressure missing"
    assert table.missing == {"pressure": 2}
    assert table.source == name
    arff = (TABLES / "openml" / "clinic.arff").read_text()
    assert table.y.sum() == arff.count(",lived\n") > 0
    asked = len(openml.asked)
    openml.close_all()
    again = read_table(name, positive="died")
    np.testing.assert_array_equal(again.X, table.X)
    np.testing.assert_array_equal(again.y, 1 - table.y)
    assert len(openml.asked) == asked


def test_another_target_of_openml(openml):
    table = read_table("openml:90001", "age")
    assert (table.response, table.X.shape[0]) == ("gaussian", 30)
    assert "outcome = lived" in table.names or "outcome = died" in table.names
    with pytest.raises(InputError, match=r"no column 'agee' \(did you mean age\?\)"):
        read_table("openml:90001", "agee")


def test_a_reply_with_another_checksum_is_refused(openml):
    openml.alter = lambda content: content.replace(b"70,127.4", b"71,127.4")
    with pytest.raises(InputError, match="openml:90001: OpenML: The md5 checksum of the file"):
        read_table("openml:90001")
    # it was fetched twice before it was given up
    assert openml.asked.count("/data/v1/download/90001/clinic.arff") == 2


def test_a_sparse_table_of_openml_is_refused_with_the_reason(openml):
    openml.alter = lambda content: content.replace(b'"ARFF"', b'"Sparse_ARFF"')
    with pytest.raises(
        InputError, match=r"openml:90001: the table is sparse ARFF.* give the \.arff file"
    ):
        read_table("openml:90001")


def test_openml_out_of_reach(openml):
    openml.close_all()
    with pytest.raises(
        InputError, match=r"cannot be reached .*holds no copy: try again with a conn"
    ):
        read_table("openml:90001")


def test_a_table_that_openml_does_not_know(openml):
    with pytest.raises(InputError, match="OpenML: Dataset with data_id 4 not found"):
        read_table("openml:4")
