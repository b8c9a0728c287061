"""Draws charts into files, SVG, PDF and PNG, each with its data as CSV; and reads them for the page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ..tabular import write_bytes, write_rows, write_text
from .charts import FONT, LEADS_TO, Drawing
from .palette import PALETTE

_NOTHING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40" viewBox="0 0 300 40">'
    f'<text x="8" y="25" font-size="13" fill="{PALETTE["soft"]}">%s</text></svg>'
)
# What only Vega's own scripts and style sheets would use.
_NEEDLESS = re.compile(
    r'<path class="(?:back|fore)ground"[^>]*? d="(?:M0,0h0v0h0Z)?"[^>]*/>'
    r'| (?:class|role|aria-[a-z]+|pointer-events)="[^"]*"| opacity="1"| font-family="[^"]*"| version="1.1"'
    r'| xmlns:xlink="[^"]*"'
)

_LEADS = re.compile(rf'<a xlink:href="{re.escape(LEADS_TO)}([^"]*)"><path ([^>]*)></a>')


@dataclass(frozen=True)
class Picture:
    """A chart as it was drawn: its name, its SVG and its data, the text of a CSV file."""

    name: str
    svg: str
    data: str


def read_pictures(folder: Path, names: Iterable[str]) -> list[Picture]:
    """The charts of these names that show something."""
    found = (
        Picture(name, *((folder / f"{name}.{kind}").read_text("utf-8") for kind in ("svg", "csv"))) for name in names
    )
    return [picture for picture in found if picture.data.count("\n") > 1]


def write_drawing(drawing: Drawing, folder: Path) -> None:
    """Writes a chart as {name}.svg, .pdf and .png (of twice the size), and its rows as {name}.csv."""
    import vl_convert

    svg = (
        vl_convert.vegalite_to_svg(drawing.chart.to_dict())
        if drawing.chart is not None
        else _NOTHING % escape(_said(drawing))
    )
    svg = _tidy(svg, drawing)
    write_text(folder / f"{drawing.name}.svg", svg)
    write_bytes(folder / f"{drawing.name}.pdf", vl_convert.svg_to_pdf(svg))
    write_bytes(folder / f"{drawing.name}.png", vl_convert.svg_to_png(svg, scale=2))
    write_rows(folder / f"{drawing.name}.csv", drawing.kind, drawing.rows)


def _said(drawing: Drawing) -> str:
    """A chart in words."""
    return f"{drawing.title}. {drawing.alt}" if drawing.title else drawing.alt or "No rate to draw."


def _tidy(svg: str, drawing: Drawing) -> str:
    """The SVG as one image with a name, its font named once, without what is of no use here.

    What a mark leads to is its attribute `data-rows`, as `ar/insult`: of the page only it is a link, not in a paper.
    """
    start = f'<svg role="img" aria-label="{escape(_said(drawing))}" font-family="{FONT}"'
    return _NEEDLESS.sub("", _LEADS.sub(r'<path data-rows="\1" \2>', svg)).replace("<svg", start, 1)
