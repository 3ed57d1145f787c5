"""The command ``normwise translate``, and the code that ``normwise advise --code`` writes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

# of `normwise advise`, whose reading of a table is the same
TABLE_OPTIONS = (
    "target",
    "positive",
    "response",
    "family",
    "missing",
    "groups",
    "time",
    "weights",
    "offset",
    "exposure",
    "drop",
)
DESCRIPTION = """\
Say what the arguments of other tools are for the same model, and write code for them that fits
a table and checks that it is the same model.
"""
EXAMPLES = """\
examples:
  normwise translate houses.csv --target price --penalty l1 --to glmnet --output fit.R
  normwise translate houses.csv --target price --l1 0.1 --l2 0.02 --to spark
  normwise translate --from glmnet lambda=0.03 alpha=0.5 --n 200 --sd-y 3.1 --to scikit-learn,spark
  normwise translate --l2 0.1 --n 200 --response binary
"""

if TYPE_CHECKING:
    from normwise.data.tables.table import Table
    from normwise.elsewhere.model import Model


def add_command(commands: Any, advise: argparse.ArgumentParser) -> None:
    """Add the command to a parser that has ``normwise advise``."""
    translate = commands.add_parser(
        "translate",
        help="the same model in another tool, with a check that it is the same",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    translate.add_argument(
        "input",
        metavar="DATA",
        nargs="?",
        help="a table, as for `normwise advise`; without one, numbers alone are translated",
    )
    translate.add_argument(
        "--to",
        metavar="TOOLS",
        type=lambda text: [name.strip() for name in text.split(",")],
        help="with commas between them; without a table all tools if not given",
    )
    translate.add_argument(
        "--penalty",
        choices=("l1", "l2", "elastic_net"),
        help="with a table, cross-validation chooses its strength where none is given",
    )
    translate.add_argument("--l1", type=_strength, metavar="X", help="strength of the L1 part")
    translate.add_argument("--l2", type=_strength, metavar="X", help="strength of the L2 part")
    translate.add_argument(
        "--from",
        dest="given",
        nargs="+",
        metavar=("TOOL", "NAME=X"),
        help="the strength in place of --l1 and --l2: a tool and its arguments",
    )
    translate.add_argument("--n", type=_rows, metavar="N", help="rows, without a table")
    translate.add_argument(
        "--sd-y", type=_strength, metavar="X", help="standard deviation of y, without a table"
    )
    translate.add_argument("--mean-y", type=_strength, metavar="X", help="mean of counts")
    translate.add_argument(
        "--own-scaling",
        action="store_true",
        help="the tool of --from was left to standardise the columns itself",
    )
    translate.add_argument(
        "--output", type=Path, metavar="FILE", help="write the code of one tool to this file"
    )
    group = translate.add_argument_group("reading the table, as for `normwise advise`")
    for action in advise._actions:
        if action.dest in TABLE_OPTIONS:
            group._add_action(action)
    translate.set_defaults(run=_translate, if_too_large="keep fewer rows or columns")


def _strength(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0")
    return value


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 2")
    return int(text)


def _translate(args: argparse.Namespace) -> None:
    from normwise.data.errors import InputError

    if args.given and (args.l1 is not None or args.l2 is not None):
        raise InputError("--from gives the strength, and --l1 and --l2 do too: leave one out")
    if args.own_scaling and not args.given:
        raise InputError("--own-scaling is about the tool of --from, and there is none")
    if args.input is None:
        _translate_numbers(args)
    else:
        _translate_table(args)


def _given(args: argparse.Namespace) -> tuple[str, dict[str, float]]:
    """Tool and arguments of ``--from``."""
    from normwise.data.errors import InputError

    tool, *pairs = args.given
    found = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            found[name.lstrip("-")] = float(value)
        except ValueError:
            raise InputError(
                f"--from {tool} {pair}: write an argument as NAME=NUMBER, such as lambda=0.03"
            ) from None
    if not found:
        raise InputError(f"--from {tool} needs its arguments too, such as lambda=0.03")
    return tool, found


def _kind(args: argparse.Namespace) -> str:
    from normwise.data.tables.response import response_of

    return response_of(args.response, args.family) or "gaussian"


def _translate_numbers(args: argparse.Namespace) -> None:
    from normwise.data.errors import InputError
    from normwise.elsewhere.convert import strengths_of
    from normwise.elsewhere.model import penalty_of
    from normwise.elsewhere.tools import read_tools, tool_named

    if args.output:
        raise InputError("--output writes code, which needs a table: give DATA and --target")
    numbers = {"n": args.n, "sd_y": args.sd_y, "mean_y": args.mean_y}
    response = _kind(args)
    if args.given:
        tool, arguments = _given(args)
        l1, l2 = strengths_of(
            tool, arguments, response, args.penalty, own_scaling=args.own_scaling, **numbers
        )
    else:
        if args.l1 is None and args.l2 is None:
            raise InputError("give a table, or the strength as --l1, --l2 or --from")
        l1, l2 = args.l1 or 0.0, args.l2 or 0.0
    penalty_of(l1, l2)
    wanted = [tool_named(name) for name in args.to] if args.to else list(read_tools().values())
    print(*described(wanted, response, l1, l2, numbers), sep="\n")


def described(
    tools: Sequence[Any], response: str, l1: float, l2: float, numbers: Mapping[str, Any]
) -> list[str]:
    """Lines that say what each tool is given for two strengths."""
    from normwise.data.errors import InputError
    from normwise.elsewhere.code import call_lines
    from normwise.elsewhere.convert import arguments_of
    from normwise.elsewhere.model import penalty_of

    lines = [
        f"l1 = {l1:.10g}, l2 = {l2:.10g}: mean loss + l1 |b|_1 + l2/2 |b|^2, on columns that are",
        "standardised with divisor n",
    ]
    for tool in tools:
        lines += ["", f"{tool.title} {tool.version}"]
        try:
            found = arguments_of(tool.name, response, l1=l1, l2=l2, **numbers)
        except InputError as error:
            lines.append(f"    {error}")
            continue
        call = tool.call(response, penalty_of(l1, l2))
        lines += [
            f"    {name} = {value:.10g}    ({call.arguments[name]})"
            for name, value in found.items()
        ]
        lines += [f"    {line}" for line in call_lines(tool, response, penalty_of(l1, l2))]
    return lines


def _translate_table(args: argparse.Namespace) -> None:
    from normwise.data.errors import InputError
    from normwise.elsewhere.code import code_for, write_code

    for name in ("n", "sd_y", "mean_y"):
        if getattr(args, name) is not None:
            raise InputError(f"--{name.replace('_', '-')}: with a table this is known")
    if not args.to:
        raise InputError("--to is missing: name the tools that the code is for")
    if args.output and len(args.to) > 1:
        raise InputError(f"--output {args.output}: one file holds the code of one tool")
    model = _model(args, asked_table(args, offset=args.offset, exposure=args.exposure))
    if args.output:
        for path in write_code(model, args.to[0], args.output):
            print(f"Written: {path}")
        return
    print("\n".join(code_for(model, tool) for tool in args.to), end="")


def asked_table(args: argparse.Namespace, **more: Any) -> Table:
    """The table that the options of a command describe, with further ones of `read_table`."""
    from normwise.data.tables.read import read_table
    from normwise.data.tables.response import response_of

    return read_table(
        args.input,
        args.target,
        positive=args.positive,
        response=response_of(args.response, args.family),
        missing=args.missing,
        groups=args.groups,
        time=args.time,
        weights=args.weights,
        drop=args.drop,
        **more,
    )


def _model(args: argparse.Namespace, table: Table) -> Model:
    from normwise.data.errors import InputError
    from normwise.elsewhere.convert import strengths_of
    from normwise.elsewhere.model import model_of_table

    if args.given:
        tool, arguments = _given(args)
        l1, l2 = strengths_of(
            tool,
            arguments,
            table.response,
            args.penalty,
            **numbers_of(table),
            own_scaling=args.own_scaling,
        )
        return model_of_table(table, None, l1, l2)
    if args.l1 is None and args.l2 is None:
        if args.penalty is None:
            raise InputError(
                "give --penalty, whose strength is then chosen, or the strength as --l1, --l2 or "
                "--from"
            )
        return model_of_table(table, args.penalty)
    if args.penalty is not None:
        raise InputError("--l1 and --l2 say the penalty, and so does --penalty: leave one out")
    return model_of_table(table, None, args.l1 or 0.0, args.l2 or 0.0)


def numbers_of(table: Table) -> dict[str, Any]:
    """What `normwise.elsewhere.arguments_of` is told of a table; a mean where it is positive."""
    import numpy as np

    y, weights, offset = table.y, table.rows.weights, table.rows.offset
    mean = float(np.average(y, weights=weights))
    spread = float(np.sqrt(np.average((y - mean) ** 2, weights=weights)))
    exposure = 1.0 if offset is None else float(np.average(np.exp(offset), weights=weights))
    return {
        "n": len(y),
        "sd_y": spread or None,
        "mean_y": mean if mean > 0 else None,
        "mean_exposure": exposure,
    }


def write_all(models: Mapping[str, Model], tools: Sequence[str], stem: str) -> list[Path]:
    """Write the code of several tools and penalties into this folder; what was written.

    Parameters
    ----------
    models : mapping of str to Model
        By penalty.
    tools : sequence of str
    stem : str
        Of the names of the files.
    """
    from normwise.elsewhere.code import SUFFIXES, write_code
    from normwise.elsewhere.tools import tool_named

    written: list[Path] = []
    for name in tools:
        tool = tool_named(name)
        for penalty, model in models.items():
            path = Path(f"{stem}_{penalty}_{tool.name}{SUFFIXES[tool.language]}")
            written += write_code(model, tool.name, path)
    return written
