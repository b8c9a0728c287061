"""What the checks found in all languages, as Markdown: counts by language, check and category, and row ids."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..categories import BY_KEY
from .checks import CHECKS

Rows = Sequence[Mapping[str, str]]


_HEAD = """# What the checks find

Made by the rule `audit`; that of the XSafety release, in `docs/xsafety-audit.md`, by
`snakemake results/xsafety/audit.md --cores 2 --configfile configs/xsafety.yaml`.

Rows flagged, and in brackets rows with a weaker finding of that check that does not flag them. A row may have several
findings. `xsafety/verification/checks.py` says what each check looks for. Ids are given without `xs-`.
"""


def audit(categories: Mapping[str, str], checked: Mapping[str, Rows]) -> str:
    """The audit, without any text, of the rows of each language's checks file; `categories` maps ids to categories."""
    flagged = {lang: [row for row in rows if row["flagged"] == "yes"] for lang, rows in checked.items()}
    parts = [_HEAD, _by_check(checked, flagged), _by_category(categories, flagged), "## Flagged rows\n"]
    for lang, rows in flagged.items():
        parts.append(f"### {lang}\n")
        parts += [f"- {name}: {', '.join(ids)}" for name, ids in _ids(rows).items()]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _by_check(checked: Mapping[str, Rows], flagged: Mapping[str, Rows]) -> str:
    counts = {lang: Counter(name for row in rows for name in _checks(row)) for lang, rows in checked.items()}
    hits = {lang: Counter(name for row in rows for name in _checks(row)) for lang, rows in flagged.items()}

    def cell(lang: str, name: str) -> str:
        weak = counts[lang][name] - hits[lang][name]
        return f"{hits[lang][name]}{f' ({weak})' if weak else ''}"

    total = {lang: f"{len(flagged[lang])} ({len(flagged[lang]) / len(rows):.1%})" for lang, rows in checked.items()}
    names = [name for name in ("empty", *CHECKS) if any(count[name] for count in counts.values())]
    lines = [
        ["**rows flagged**", *total.values()],
        *([name, *(cell(lang, name) for lang in checked)] for name in names),
    ]
    return f"## By check\n\n{_table(['check', *checked], lines)}"


def _by_category(categories: Mapping[str, str], flagged: Mapping[str, Rows]) -> str:
    counts = {lang: Counter(categories[row["id"]] for row in rows) for lang, rows in flagged.items()}
    lines = [[category.name, *(str(count[key]) for count in counts.values())] for key, category in BY_KEY.items()]
    return f"## Rows flagged, by category\n\n{_table(['category', *flagged], lines)}"


def _ids(rows: Rows) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in ("empty", *CHECKS):
        if ids := [row["id"].removeprefix("xs-") for row in rows if name in _checks(row)]:
            found[name] = ids
    return found


def _checks(row: Mapping[str, str]) -> list[str]:
    return row["checks"].split("; ") if row["checks"] else []


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, rule, *lines))
