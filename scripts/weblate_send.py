"""Puts the merged PO files into Weblate, but for languages in which people decided what was not fetched yet."""

from xsafety.cli import parser, run
from xsafety.seeds.csv_folder import COLUMNS
from xsafety.tabular import DataError, read_csv
from xsafety.weblate.client import connect
from xsafety.weblate.events import each_language, news, send


def main() -> None:
    args = parser(__doc__, paths="seeds reviews po", objects="connection languages different_reviewers").parse_args()
    client = connect(args.connection)
    seeds = {seed["id"]: seed["text"] for seed in read_csv(args.seeds, COLUMNS)}

    def send_file(lang: str, code: str) -> str:
        folder = args.reviews / lang
        # A file that replaces Weblate's takes strings out whose English changed, and their history with them.
        if new := news(client, lang, code, folder, seeds, different_reviewers=args.different_reviewers):
            rows = sum(map(len, new.values()))
            raise DataError(f"{rows} verdict(s) there are not fetched yet; first run: snakemake weblate_fetch")
        return send(client, code, args.po / f"{lang}.po")

    each_language(client, args.languages, send_file)


if __name__ == "__main__":
    run(main)
