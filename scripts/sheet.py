"""Writes one language's sheets for reviewers: the rows that wait, suspicious ones first, with empty columns to fill.

And the merged PO file: all rows, with what was verified.
"""

from xsafety.cli import parser, run, say
from xsafety.rows import Check
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, read_rows
from xsafety.translation.memory import DRAFT_COLUMNS
from xsafety.verification.checks import flags
from xsafety.verification.gate import Gate
from xsafety.verification.sheet_rows import all_rows, next_round, save_as, sheet_rows
from xsafety.verification.sheets.layout import Brief
from xsafety.verification.sheets.plain import write_sheet_csv
from xsafety.verification.sheets.po import write_merged_po, write_po
from xsafety.verification.sheets.xlsx import fits_xlsx, write_xlsx
from xsafety.verification.standing import standings


def main() -> None:
    args = parser(
        __doc__, paths="seeds ledger drafts checks csv xlsx po merged", texts="lang reviews", objects="gate"
    ).parse_args()
    seeds = read_csv(args.seeds, COLUMNS)
    drafts = {row["id"]: row for row in read_csv(args.drafts, DRAFT_COLUMNS)}
    stands = standings(args.lang, seeds, read_jsonl(args.ledger), Gate.read(args.gate))
    odd = flags(read_rows(args.checks, Check))
    rows = sheet_rows(args.lang, seeds, stands, drafts, odd)
    number = next_round(stands)
    brief = Brief(args.lang, number, save_as(args.reviews, args.lang, number))
    write_sheet_csv(args.csv, rows)
    write_xlsx(args.xlsx, rows, brief)
    write_po(args.po, rows, brief)
    write_merged_po(args.merged, all_rows(args.lang, seeds, stands, drafts, odd), brief)
    if left_out := [row["id"] for row in rows if not fits_xlsx(row)]:
        say(f"{args.xlsx}: without rows that do not fit into a spreadsheet: {', '.join(left_out)}")


if __name__ == "__main__":
    run(main)
