"""Adds what people decided in Weblate to the returned review sheets, to be committed."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import read_csv
from xsafety.weblate.client import connect
from xsafety.weblate.events import each_language, news, save


def main() -> None:
    args = parser(__doc__, paths="seeds reviews", objects="connection languages different_reviewers").parse_args()
    client = connect(args.connection)
    seeds = {seed["id"]: seed["text"] for seed in read_csv(args.seeds, COLUMNS)}

    new: list[tuple[int, str]] = []

    def fetch(lang: str, code: str) -> str:
        folder = args.reviews / lang
        found = news(client, lang, code, folder, seeds, different_reviewers=args.different_reviewers)
        new.extend(found)
        return save(folder, found)

    each_language(client, args.languages, fetch)
    if new:
        print(f"Take them in: snakemake; commit them: git add {args.reviews}")


if __name__ == "__main__":
    run(main)
