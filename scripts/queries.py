"""Writes one language's data set: the rows that may be evaluated, each with its provenance."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv, read_jsonl, write_jsonl
from xsafety.translation.memory import DRAFT_COLUMNS
from xsafety.verification.dataset import queries
from xsafety.verification.gate import Gate
from xsafety.verification.standing import standings


def main() -> None:
    args = parser(__doc__, paths="seeds ledger drafts out", texts="lang", objects="gate").parse_args()
    seeds = read_csv(args.seeds, COLUMNS)
    drafts = {row["id"]: row for row in read_csv(args.drafts, DRAFT_COLUMNS)}
    gate = Gate.read(args.gate)
    stands = standings(args.lang, seeds, read_jsonl(args.ledger), gate)
    write_jsonl(args.out, queries(args.lang, seeds, stands, drafts, accept_drafts=gate.accept_drafts))


if __name__ == "__main__":
    run(main)
