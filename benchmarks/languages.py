"""How often the language of a short text is told wrong, on the queries of the XSafety release in ten languages.

Texts are cut after so many letters. False alarms: texts told to be in another language than theirs. Found: texts of
another language that are told, as if each had been the answer to a query in English (English ones: in German). Told:
texts whose language is told at all. Percent.
"""

import argparse
import random
import time
from pathlib import Path

from xsafety.seeds.release import read_release
from xsafety.text import identify
from xsafety.text.letters import unspaced

BANDS = (8, 12, 20, 40, 80)


def _cut(text: str, letters: int) -> str | None:
    """The beginning of a text with so many letters; None if it has fewer."""
    seen = 0
    for at, char in enumerate(text, 1):
        seen += char.isalpha()
        if seen == letters:
            return text[:at]
    return None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--release", type=Path, default=Path("../shared/xsafety"), help="a clone of the release")
    args = arguments.parse_args()
    release = read_release(args.release)
    texts = {"en": [seed["text"] for seed in release.seeds]}
    texts |= {lang: [*filter(None, rows.values())] for lang, rows in release.translations.items()}
    chance = random.Random(1)
    print("| language | letters | texts | false alarms | found | told |\n|---|---|---|---|---|---|")
    spent, number = 0.0, 0
    for lang, rows in texts.items():
        sample = chance.sample(rows, 1000)
        for letters in BANDS:
            cut = [text for row in sample if (text := _cut(row, letters))]
            if len(cut) < 100:
                continue
            other = "de" if lang == "en" else "en"
            # What a text is told to be whatever its length.
            identify.FEW, identify.FEW_UNSPACED = 0, 0
            started = time.process_time()
            own = [identify.answer_language(text, lang) for text in cut]
            spent, number = spent + time.process_time() - started, number + len(cut)
            foreign = [identify.answer_language(text, other) for text in cut]
            alarms, told = sum(found not in ("", lang) for found in own), sum(map(bool, own))
            figures = " | ".join(f"{100 * n / len(cut):.1f}" for n in (alarms, foreign.count(lang), told))
            short = " (not told)" if letters < (8 if unspaced(lang) else 20) else ""
            print(f"| {lang} | {letters}{short} | {len(cut)} | {figures} |")
    print(f"\n{1000 * spent / number:.2f} CPU ms a text")


if __name__ == "__main__":
    main()
