"""The command line: ``normwise advise table.csv --target price``, ``normwise verify results``."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from normwise.elsewhere.command import add_command as add_translate

EXAMPLES = """\
examples:
  normwise advise houses.csv --target price
  normwise advise patients.parquet --target outcome --positive died
  normwise advise ratings.tsv --target stars --response gaussian --no-report
  normwise advise visits.csv --target pressure --groups patient --drop name,visit
  normwise advise claims.csv --target claims --exposure years
  normwise advise sklearn:diabetes
  normwise advise openml:credit-g@1 --positive bad --report credit.html
"""
BAD_INPUT = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0, or 2 if the input cannot be used, or 130 if interrupted; of ``verify`` also 3 or 1.
    """
    args = parser().parse_args(argv)
    # a terminal that cannot show a letter shows a question mark
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return args.run(args) or 0
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except MemoryError:
        return _fail(f"{args.input}: not enough memory; {args.if_too_large}", BAD_INPUT)
    except OSError as error:
        return _fail(f"{error.filename or args.input}: {error.strerror or error}", BAD_INPUT)
    except (ValueError, ModuleNotFoundError) as error:
        if not _is_for_the_user(error):
            raise
        return _fail(str(error), BAD_INPUT)


def _is_for_the_user(error: Exception) -> bool:
    """Whether the input or an extra that was not installed is at fault, not the program."""
    from normwise.data.errors import InputError
    from normwise.files.errors import MissingExtraError

    return isinstance(error, InputError | UnicodeError | MissingExtraError)


def _fail(message: str, code: int) -> int:
    from normwise.data.tables.messages import plain

    print(f"normwise: {plain(message)}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The commands and their options.

    Each sets `run`, `input` (what it reads) and `if_too_large`, the advice where memory is short.
    """
    parser = argparse.ArgumentParser(
        prog="normwise",
        description="When does an L1 penalty (lasso) beat an L2 penalty (ridge)?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"normwise {version('normwise')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    advise = commands.add_parser(
        "advise",
        help="which penalty suits a table of your own",
        description=(
            "Try L1, L2, elastic net and no penalty on a table, look at what the table is like,\n"
            "and say which penalty suits it and how certain that is."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(advise)
    advise.set_defaults(run=_advise, if_too_large="keep fewer rows or columns")
    add_translate(commands, advise)
    verify = commands.add_parser(
        "verify",
        help="check that a study's files and numbers are unchanged",
        description=(
            "Check the files of a study against their digests, and recompute a random sample of\n"
            "its results from the seeds alone: data, fits, metrics, summaries, verdicts.\n"
            "This runs the extension files that are named in provenance.json.\n"
            'A study with penalty mcp needs more packages: pip install "normwise[study]".'
        ),
        epilog=(
            "exit codes: 0 if all bits are the same, 3 if numbers differ by rounding alone\n"
            "(1e-8), 1 if a file or a number is different, 2 if there is nothing to verify"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.add_argument(
        "input", metavar="RESULTS", nargs="?", default="results", help="(default: results)"
    )
    verify.add_argument(
        "--sample",
        type=_natural,
        default=20,
        metavar="N",
        help="replicates to recompute (default: %(default)s)",
    )
    verify.add_argument(
        "--atlas",
        action="store_true",
        help="check N scenarios of the atlas that comes with normwise, instead of a folder",
    )
    verify.add_argument(
        "--seed",
        type=_natural,
        metavar="S",
        help="seed of the sample (default: a new one each time)",
    )
    verify.set_defaults(
        run=_verify, if_too_large="use a machine with as much memory as the study had"
    )
    return parser


def _add_options(advise: argparse.ArgumentParser) -> None:
    advise.add_argument(
        "input",
        metavar="DATA",
        help=(
            "a file (.csv, .tsv, .txt, .parquet, .feather, .arrow, .npz, .svmlight; with the extra "
            "`formats` .xlsx, .ods, .dta, .sav, .por, .xpt, .sas7bdat, .rds, .RData, .arff, .dat), "
            "or sklearn:NAME, openml:ID or openml:NAME@VERSION; FILE#NAME is a sheet of a workbook "
            "or an object of an .RData file"
        ),
    )
    advise.add_argument("--target", metavar="NAME", help="the column to be predicted")
    advise.add_argument(
        "--positive",
        metavar="LABEL",
        help="the class that counts as 1; of several classes, this one against the rest",
    )
    advise.add_argument(
        "--response",
        choices=("gaussian", "binary", "multinomial", "poisson"),
        help=(
            "a number, two classes, several classes, or counts (default: told from the target, and "
            "said why)"
        ),
    )
    advise.add_argument(
        "--family",
        choices=("gaussian", "binomial", "multinomial", "poisson"),
        help="the same by the names of generalised linear models",
    )
    advise.add_argument(
        "--missing",
        metavar="MARKS",
        type=lambda text: text.split(","),
        default=(),
        help=(
            "what stands for a missing value, with commas between; COLUMN=MARK counts in one "
            "column alone: --missing=-999,age=99"
        ),
    )
    advise.add_argument(
        "--groups",
        metavar="COLUMN",
        help="which rows belong together, such as patient: none is on both sides of a split",
    )
    advise.add_argument(
        "--time",
        metavar="COLUMN",
        help="when rows were measured: fit the past, test on what follows",
    )
    advise.add_argument("--weights", metavar="COLUMN", help="how much each row counts, from 0")
    advise.add_argument(
        "--exposure",
        metavar="COLUMN",
        help="of counts, how long or of how many they were counted, above 0",
    )
    advise.add_argument(
        "--offset",
        metavar="COLUMN",
        help="of counts, what is added to the logarithm of the mean: the logarithm of an exposure",
    )
    advise.add_argument(
        "--drop",
        metavar="COLUMNS",
        action="append",
        default=[],
        help="columns that are not features, with commas between them; may be repeated",
    )
    advise.add_argument(
        "--report",
        metavar="FILE",
        type=Path,
        help="the HTML page to write (default: NAME_advice.html in this folder)",
    )
    advise.add_argument("--no-report", action="store_true", help="write no page")
    advise.add_argument(
        "--code",
        metavar="TOOLS",
        type=lambda text: [name.strip() for name in text.split(",")],
        default=[],
        help=(
            "write code that fits the recommended model, or both if none is, in other tools, such "
            "as glmnet,spark; it checks that the model is the same"
        ),
    )
    advise.add_argument("--seed", type=_natural, metavar="N", help="seed of folds and resamples")
    advise.add_argument("--jobs", type=_positive, metavar="N", help="processes to use")
    advise.add_argument(
        "--margin",
        type=_share,
        metavar="M",
        help="difference in explained share, between 0 and 1, that is too small to matter",
    )
    advise.add_argument(
        "--folds",
        type=_natural,
        metavar="N",
        help="folds of the head to head, outer and inner (default: 5)",
    )
    advise.add_argument(
        "--study",
        type=Path,
        metavar="FOLDER",
        help="results folder of a study whose scenarios the table is compared with",
    )


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _positive(text: str) -> int:
    if _natural(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")


def _advise(args: argparse.Namespace) -> None:
    report = None if args.no_report else args.report or Path(f"{_stem(args.input)}_advice.html")
    if report:
        _refuse_report(report, args.input)
    if args.study:
        _refuse_study(args.study)
    if args.code:
        from normwise.elsewhere.tools import tool_named

        for name in args.code:
            tool_named(name)

    from rich.console import Console

    from normwise import advice
    from normwise.elsewhere.command import asked_table

    options = {"margin": args.margin, "folds": args.folds, "seed": args.seed}
    options |= {"n_jobs": args.jobs, "study": args.study}
    given = {name: value for name, value in options.items() if value is not None}
    with _progress() as progress:
        table = asked_table(args, offset=args.offset, exposure=args.exposure)
        found = advice.advise_table(table, progress=progress, **given)
        if report:
            found.report(report)
    console = Console()
    found.show(console)
    if report:
        console.print(f"Report: {report}", markup=False, highlight=False, soft_wrap=True)
    if args.code:
        from normwise.advice.elsewhere import models_of
        from normwise.elsewhere.command import write_all

        for path in write_all(models_of(found), args.code, _stem(args.input)):
            console.print(f"Code: {path}", markup=False, highlight=False, soft_wrap=True)


def _verify(args: argparse.Namespace) -> int:
    import secrets

    from normwise.provenance.verify import CODES, tell, verify
    from normwise.provenance.verify_atlas import verify_atlas

    seed = secrets.randbelow(10**6) if args.seed is None else args.seed
    found = verify_atlas(args.sample, seed) if args.atlas else verify(args.input, args.sample, seed)
    print(*tell(found, seed), sep="\n")
    return CODES[found.outcome]


def _stem(data: str) -> str:
    from normwise.data.tables.part import split_part

    path, part = split_part(data)
    name = re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE)
    _, _, inside = name.rpartition(":")
    stem = inside if inside != name else Path(name).stem
    return re.sub(r"[^\w.-]", "_", f"{stem}_{part}" if part else stem) or "table"


def _refuse_report(report: Path, data: str) -> None:
    from normwise.data.errors import InputError
    from normwise.data.tables.part import file_of

    table = file_of(data)
    if report.exists() and table.exists() and report.samefile(table):
        raise InputError(f"report {report}: this is the table itself; give another file")
    if report.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"report {report}: give a name that ends in .html")
    if report.is_dir():
        raise InputError(f"report {report}: this is a folder; give a file in it")
    if not report.parent.is_dir():
        raise InputError(f"report {report}: there is no folder {report.parent}")
    if not os.access(report.parent, os.W_OK):
        raise InputError(f"report {report}: no file can be written to folder {report.parent}")


def _refuse_study(study: Path) -> None:
    from normwise.data.errors import InputError

    if not study.is_dir():
        raise InputError(f"study {study}: there is no such folder")


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[float, str], Any] | None]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the table", total=1.0)
        yield lambda done, what: bar.update(task, completed=done, description=what)
