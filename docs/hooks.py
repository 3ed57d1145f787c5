"""Formulas as pictures, drawn by matplotlib, and flowcharts as tables: no script, no network."""

from __future__ import annotations

import hashlib
import html
import io
import re
from functools import cache
from typing import Any

import matplotlib
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from matplotlib.mathtext import math_to_image

SIZE = 10
# what mathtext writes otherwise
SAME = {
    r"\\[lr]Vert": r"\\Vert",
    r"\\[lr]vert": "|",
    r"\\(d?frac)(\w)(\w)": r"\\\1{\2}{\3}",
    r"\\sqrt (\w)": r"\\sqrt{\1}",
}
# all before the picture, what says when it was made, and its white ground
NEEDLESS = (
    r"^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>"
    r'|<g id="patch_1">.*?</g>'
)
BLOCK = re.compile(
    r"^(?P<indent> *)(?:\.\. math:: *(?P<line>\S.*)?\n(?P<rest>(?:\n|(?P=indent) {3,}.*\n)*)"
    r"|```math\n(?P<fenced>(?:.*\n)*?)(?P=indent)```\n)",
    re.MULTILINE,
)
FLOWCHART = re.compile(r"^```mermaid\nflowchart \w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NODE = r'(\w+)(?:\["([^"]*)"\])?'
ARROW = re.compile(rf' *{NODE} -(?:- "?([^"]*?)"? -)?-> {NODE}')
INLINE = re.compile(r":math:`([^`]+)`")


@cache
def draw(formula: str) -> str:
    """A formula as an inline SVG in the colour of the text around it."""
    text = " ".join(formula.split())
    for pattern, other in SAME.items():
        text = re.sub(pattern, other, text)
    picture = io.BytesIO()
    with matplotlib.rc_context({"mathtext.fontset": "cm", "svg.hashsalt": "normwise"}):
        depth = math_to_image(f"${text}$", picture, format="svg")
    svg = re.sub(NEEDLESS, "", picture.getvalue().decode(), flags=re.DOTALL)
    # identifiers are shared by all formulas of a page
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
    svg = re.sub(r'(id="|href="#)', rf"\g<1>{own}-", svg)
    width, height = (float(v) / SIZE for v in re.findall(r'(?:width|height)="([\d.]+)pt"', svg)[:2])
    style = f"width:{width:.3f}em;height:{height:.3f}em;vertical-align:{-depth / SIZE:.3f}em"
    head = f'<svg role="img" aria-label="{html.escape(text)}" style="{style}"'
    svg = re.sub(r'<svg(.*?) width="[^"]*" height="[^"]*"', lambda m: head + m[1], svg, count=1)
    return re.sub(r"\s+", " ", svg).strip()


def tabulate(chart: str) -> str:
    """The arrows of a flowchart as the rows of a table."""
    arrows = [ARROW.fullmatch(line).groups() for line in chart.splitlines()]
    names: dict[str, str] = {}
    for start, start_name, _, end, end_name in arrows:
        names |= {k: v for k, v in ((start, start_name), (end, end_name)) if v}
    rows = [(names.get(a, a), by or "–", names.get(b, b)) for a, _, by, b, _ in arrows]
    lines = [("from", "by", "comes"), ("---", "---", "---"), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines).replace("*", r"\*")


class Pictures(Preprocessor):
    """Puts a picture in the place of each formula, and a table in that of a flowchart."""

    def run(self, lines: list[str]) -> list[str]:
        """Replace blocks first, then what stands in a line."""
        text = FLOWCHART.sub(lambda m: tabulate(m[1]), "\n".join(lines) + "\n")
        text = BLOCK.sub(self._block, text)
        return INLINE.sub(lambda m: self.md.htmlStash.store(draw(m[1])), text).split("\n")

    def _block(self, match: re.Match[str]) -> str:
        formula = " ".join(filter(None, (match["line"], match["rest"], match["fenced"])))
        # fractions in full size
        formula = formula.replace(r"\frac", r"\dfrac")
        stored = self.md.htmlStash.store(f'<p class="formula">{draw(formula)}</p>')
        return f"\n{match['indent']}{stored}\n\n"


class PictureExtension(Extension):
    """The preprocessor, after line ends are normalised and before fences are read."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register it."""
        md.preprocessors.register(Pictures(md), "pictures", 27)


def on_config(config: Any) -> Any:
    """Add it to the extensions, also for docstrings."""
    config.markdown_extensions.append(PictureExtension())
    return config
