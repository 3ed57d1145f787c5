"""Tables in ARFF, as liac-arff and scikit-learn's own data have them, and in KEEL's dialect."""

import arff
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from normwise.tabular import InputError, read_table

N = 24
KEEL = """@relation wages
@attribute Age integer [20, 43]
@attribute Pay real[0.5,1.2]
@attribute Sex {{M, F}}
@attribute Wage real [0.0, 600.0]
{columns}@data
"""


def dumped(path, attributes, rows):
    path.write_text(arff.dumps({"relation": "t", "attributes": attributes, "data": rows}))
    return path


def test_a_dense_table(tmp_path, rng):
    frame = pd.DataFrame(
        {
            "y": rng.standard_normal(N),
            "age of all": rng.standard_normal(N),
            "kind": np.resize(["a b", "c", "it's"], N),
            "text": np.resize(["x", "y"], N),
        },
    ).astype(object)
    frame.loc[[2, 3], "age of all"] = None
    frame.loc[4, "kind"] = None
    attributes = [("y", "REAL"), ("age of all", "NUMERIC"), ("kind", ["it's", "c", "a b"])]
    path = dumped(tmp_path / "t.arff", [*attributes, ("text", "STRING")], frame.to_numpy().tolist())
    frame.to_csv(tmp_path / "t.csv", index=False)
    table, expected = read_table(path, "y"), read_table(tmp_path / "t.csv", "y")
    assert table.names == expected.names
    assert table.missing == expected.missing == {"age of all": 2, "kind": 1}
    np.testing.assert_allclose(table.X, expected.X, rtol=1e-14)
    np.testing.assert_allclose(table.y, expected.y, rtol=1e-14)


def test_whole_numbers_keep_their_decimals(tmp_path):
    rows = "\n".join(f"{i**2},{i + 0.5}" for i in range(N))
    (tmp_path / "t.arff").write_text(
        f"@relation t\n@attribute y integer\n@attribute x Integer\n@data\n{rows}\n"
    )
    np.testing.assert_array_equal(read_table(tmp_path / "t.arff", "y").X[:, 0], np.arange(N) + 0.5)


def test_dates_become_days(tmp_path):
    days = pd.date_range("2024-01-31", periods=N)
    rows = "\n".join(f'{i**2},"{day:%Y-%m-%d %H:%M}"' for i, day in enumerate(days))
    (tmp_path / "t.arff").write_text(
        "@relation t\n@attribute y real\n@attribute 'a day' date \"yyyy-MM-dd HH:mm\"\n"
        f"@data\n{rows}\n"
    )
    table = read_table(tmp_path / "t.arff", "y")
    np.testing.assert_array_equal(table.X[:, 0], np.arange(N))
    assert "Column 'a day' became days since 2024-01-31, the earliest date." in table.notes


def test_weights_of_rows_are_refused(tmp_path):
    rows = "\n".join(f"{i},{i**2}, {{{1 + i % 2}}}" for i in range(N))
    (tmp_path / "t.arff").write_text(
        f"@relation t\n@attribute y real\n@attribute x real\n@data\n{rows}\n"
    )
    with pytest.raises(
        InputError, match=r"line 5 ends with a weight, '\{1\}': make the weights a col"
    ):
        read_table(tmp_path / "t.arff", "y")


@pytest.mark.parametrize("density", [0.1, 0.9])
def test_a_sparse_table(tmp_path, rng, density):
    X = sparse.random_array((N, 30), density=density, rng=rng).toarray()
    y = np.round(rng.standard_normal(N), 3)
    y[::3] = 0
    # rows without a value, also at the end
    X[[4, N - 1]], y[[4, N - 1]] = 0, 0
    rows = [
        {j: value for j, value in enumerate([*x, answer]) if value}
        for x, answer in zip(X.tolist(), y.tolist(), strict=True)
    ]
    attributes = [*((f"x{j}", "REAL") for j in range(30)), ("y", "REAL")]
    table = read_table(dumped(tmp_path / "t.arff", attributes, rows), "y")
    np.testing.assert_array_equal(table.y, y)
    varied = np.ptp(X, axis=0) > 0
    assert table.names == tuple(f"x{j}" for j in np.flatnonzero(varied))
    assert sparse.issparse(table.X) == (density < 0.5)
    found = table.X.toarray() if sparse.issparse(table.X) else table.X
    np.testing.assert_array_equal(found, X[:, varied])
    assert "2 rows list no value, and hold 0 in every column." in table.notes
    # another column as the target
    np.testing.assert_array_equal(read_table(tmp_path / "t.arff", "x3").y, X[:, 3])


def test_an_omitted_class_is_the_first_one(tmp_path, rng):
    x = rng.standard_normal(N)
    rows = "\n".join(
        f"{{0 {value}, 1 {['', 'blue', '?'][i % 3]}, 2 late}}" if i % 3 else f"{{0 {value}}}"
        for i, value in enumerate(x)
    )
    (tmp_path / "t.arff").write_text(
        "@relation t\n@attribute x real\n@attribute kind {red, blue}\n"
        f"@attribute when {{early, late}}\n@data\n{rows}\n"
    )
    table = read_table(tmp_path / "t.arff", "when")
    assert table.classes == ("early", "late")
    np.testing.assert_array_equal(table.y, np.arange(N) % 3 > 0)
    assert table.missing == {"kind": 8}
    np.testing.assert_array_equal(table.X[:, 0], x)
    table = read_table(tmp_path / "t.arff", "x")
    assert {"when = early", "kind = blue", "kind = red", "kind = missing"} > set(table.names)


def test_text_in_sparse_rows_is_refused(tmp_path):
    rows = "\n".join(f"{{0 {i}}}" for i in range(1, N))
    (tmp_path / "t.arff").write_text(
        f"@relation t\n@attribute y real\n@attribute x string\n@data\n{rows}\n"
    )
    with pytest.raises(InputError, match=r"text or dates in sparse rows \(x\)"):
        read_table(tmp_path / "t.arff", "y")


@pytest.mark.parametrize("declared", [True, False])
def test_a_table_of_keel_names_its_target(tmp_path, declared):
    columns = "@inputs Age, Pay, Sex\n@outputs Wage\n" if declared else ""
    rows = "\n".join(
        f"{20 + i}, {'<null>' if i == 3 else 0.5 + i / 40}, {'MF'[i % 2]}, {i**2}" for i in range(N)
    )
    (tmp_path / "t.dat").write_text(KEEL.format(columns=columns) + rows)
    table = read_table(tmp_path / "t.dat")
    assert table.target == "Wage"
    assert table.missing == {"Pay": 1}
    assert table.names in (("Age", "Pay", "Sex = F"), ("Age", "Pay", "Sex = M"))
    np.testing.assert_array_equal(table.X[:, 0], 20 + np.arange(N))
    assert read_table(tmp_path / "t.dat", "Pay").target == "Pay"


def test_other_outputs_of_keel_are_left_out(tmp_path):
    columns = "@inputs Age, Sex\n@outputs Wage, Pay\n"
    rows = "\n".join(f"{20 + i}, {0.5 + i / 40}, {'MF'[i % 2]}, {i**2}" for i in range(N))
    (tmp_path / "t.dat").write_text(KEEL.format(columns=columns) + rows)
    table = read_table(tmp_path / "t.dat", "Wage")
    assert "Pay" not in table.names
    assert "Left out, as they are other outputs: Pay." in table.notes
    with pytest.raises(InputError, match="no target given"):
        read_table(tmp_path / "t.dat")


@pytest.mark.parametrize("name", ["t.arff", "t.dat"])
def test_what_is_no_arff_is_refused(tmp_path, name):
    (tmp_path / name).write_text("1 2 3\n4 5 6\n")
    with pytest.raises(InputError, match=rf"{name}: there is no line @data: give a file of"):
        read_table(tmp_path / name, "y")
    (tmp_path / name).write_text("@relation t\n@attribute y real\n@data\n1,2\n")
    with pytest.raises(InputError, match=rf"{name}: not a whole file in ARFF"):
        read_table(tmp_path / name, "y")
