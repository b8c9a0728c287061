"""What the checks found in all languages, as Markdown: counts by language, check and category, and row ids."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..categories import Category
from ..rows import Check
from .checks import CHECKS, THROUGHOUT, of_whole

if TYPE_CHECKING:
    import pandas as pd

_HEAD = """# What the checks find

Made by the rule `audit`; that of the XSafety release, in `docs/xsafety-audit.md`, by
`snakemake results/xsafety/audit.md --cores 2 --configfile configs/xsafety.yaml`.

Rows flagged, and in brackets rows with a weaker finding of that check that does not flag them. A row may have several
findings. `xsafety/verification/checks.py` says what each check looks for. Ids are given without `xs-`. What holds for a
language throughout is said once and flags none of its rows.
"""


def audit(
    of_rows: Mapping[str, str], checked: Mapping[str, Sequence[Check]], categories: Mapping[str, Category]
) -> str:
    """The audit, without texts, of the rows of each language's checks file; `of_rows` maps ids to categories."""
    import pandas as pd

    whole = {lang: of_whole(rows) for lang, rows in checked.items()}
    rows = pd.DataFrame(
        [
            (lang, row["id"].removeprefix("xs-"), of_rows[row["id"]], row["flagged"] == "yes", name)
            for lang, rows in checked.items()
            for row in rows
            if row["id"] != THROUGHOUT
            for name in row["checks"].split("; ")  # one that is empty for a row without findings
        ],
        columns=["lang", "id", "category", "flagged", "check"],
    )
    rows["lang"] = pd.Categorical(rows["lang"], pd.Index(list(checked)))
    rows["check"] = pd.Categorical(rows["check"].where(rows["check"] != ""), pd.Index(["empty", *CHECKS]))
    rows["category"] = pd.Categorical(rows["category"], pd.Index(list(categories)))
    flagged = rows[rows["flagged"]]
    by_category = flagged.drop_duplicates(["lang", "id"]).groupby(["category", "lang"], observed=False).size().unstack()
    lines = [
        [one.name, *map(str, counts)] for one, counts in zip(categories.values(), by_category.to_numpy(), strict=True)
    ]
    parts = [
        _HEAD,
        f"## By check\n\n{_markdown(['check', *checked], _by_check(rows))}",
        "## Of whole languages\n",
        *(f"- {lang}: {reason}" for lang, reason in whole.items() if reason),
        "" if any(whole.values()) else "Nothing.\n",
        f"## Rows flagged, by category\n\n{_markdown(['category', *checked], lines)}",
        "## Flagged rows\n",
    ]
    ids = flagged.groupby(["lang", "check"], observed=True)["id"].agg(", ".join)
    for lang in checked:
        found = ids[ids.index.get_level_values("lang") == lang].droplevel("lang")
        parts += [f"### {lang}\n", *(f"- {name}: {given}" for name, given in found.items()), ""]
    return "\n".join(parts).rstrip() + "\n"


def _by_check(rows: "pd.DataFrame") -> list[list[str]]:
    """The lines of the table by check: rows flagged, then the findings of each check."""
    flags = rows.drop_duplicates(["lang", "id"]).groupby("lang", observed=False)["flagged"]
    totals = zip(flags.sum(), flags.mean(), strict=True)
    found = rows.groupby(["check", "lang"], observed=False)["flagged"].agg(["sum", "size"])
    lines = [["**rows flagged**", *(f"{n} ({share:.1%})" for n, share in totals)]]
    for name, counts in found.groupby("check", observed=False):
        if counts["size"].any():
            weak = counts["size"] - counts["sum"]
            cells = zip(counts["sum"], weak, strict=True)
            lines.append([str(name), *(f"{n}{f' ({more})' if more else ''}" for n, more in cells)])
    return lines


def _markdown(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, rule, *lines))
