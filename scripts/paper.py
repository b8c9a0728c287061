"""Checks the means and the differences in the paper's tables, and prints which of them stand."""

from collections import Counter
from pathlib import Path

from xsafety.analysis.paper import PaperClaim, PaperMean, paper_claims, paper_means
from xsafety.cli import call
from xsafety.tabular import aligned, columns, write_rows


def main(*, means: Path, claims: Path) -> None:
    recomputed, found = paper_means(), paper_claims()
    write_rows(means, PaperMean, recomputed)
    write_rows(claims, PaperClaim, found)
    print("\nMeans of the main table, recomputed from verdicts made to its cells:\n")
    print(aligned([columns(PaperMean), *([str(value) for value in row.values()] for row in recomputed)], left=2))
    print("\nDifferences, in points:\n")
    print(aligned([columns(PaperClaim), *([str(value) for value in row.values()] for row in found)], left=4))
    stands = Counter(row["stands"] for row in found)
    print(f"\n{len(found)} differences: {', '.join(f'{count} {what}' for what, count in stands.most_common())}")


if __name__ == "__main__":
    call(main)
