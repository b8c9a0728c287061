"""What was asked so far and what it took, by the last run's receipts and the table of usage; no journal is read."""

from pathlib import Path

from ..asking.receipt import read_receipt
from ..rows import ALL, Usage
from ..tabular import aligned, read_rows

_STAGES = {"models": "responses", "judges": "verdicts"}  # folder of receipts -> stage of the usage


def asked_lines(results: Path) -> list[str]:
    """A line for each model and judge that was asked, and what the next run asks again; none before the first run."""
    usage = results / "usage.csv"
    used = read_rows(usage, Usage) if usage.exists() else []
    spent = {(row["stage"], row["name"]): row["cost"] for row in used if row["lang"] == ALL and row["cost"]}
    rows, ended, again = [], [], 0
    for folder, stage in _STAGES.items():
        for file in sorted((results / "asked" / folder).glob("*.json")):
            receipt = read_receipt(file)
            failed = sum(map(len, receipt["failed"].values()))
            again += failed
            cost = spent.get((stage, file.stem))
            kind = folder.removesuffix("s")
            counts = [f"{receipt['rows']:,}", "ended early" if receipt["ended"] else f"{failed:,}"]
            rows.append([file.stem, kind, *counts, f"${float(cost):,.2f}" if cost else ""])
            if receipt["ended"]:
                ended.append(f"{kind} {file.stem} ended early: {receipt['ended']}")
    if not rows:
        return []
    word = f"The next run asks {again:,} failed row(s) again. " if again else ""
    more = f"{word}What a run would ask: snakemake plan. Which jobs it would run: snakemake -n."
    return [aligned([["asked", "", "rows", "failed", "spent"], *rows], left=2), *ended, more]
