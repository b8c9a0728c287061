"""What a data set says of itself: the language of its seeds and its categories, in order."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from .rows import ALL
from .tabular import DataError, write_json

PLACEHOLDER = "{scenario}"  # stands for a category's scenario in the text of a prompting method


@dataclass(frozen=True)
class Category:
    """A category of queries: its key in our files, name in reports, scenario in prompts.

    `meaning` says in a sentence what its queries are like; `main` whether it counts in the main table; `choice` whether
    its queries ask to name one of some options: so it is where seeds say which are unsafe.
    """

    key: str
    name: str
    scenario: str
    meaning: str = ""
    main: bool = True
    choice: bool = False


@dataclass(frozen=True)
class About:
    """What all stages know of a data set."""

    language: str
    categories: Mapping[str, Category]

    @property
    def left_out(self) -> list[Category]:
        """The categories that do not count in the main table."""
        return [category for category in self.categories.values() if not category.main]

    @property
    def choices(self) -> set[str]:
        """The keys of the categories whose queries ask for a choice."""
        return {category.key for category in self.categories.values() if category.choice}

    @property
    def of_harm(self) -> dict[str, Category]:
        """The categories whose answers are safe or unsafe, by key: those that ask for a choice are right or wrong."""
        return {key: category for key, category in self.categories.items() if not category.choice}

    @property
    def main_part(self) -> str:
        """What stands in tables, in place of a category, for all that count in the main table."""
        return f"without_{'_'.join(category.key for category in self.left_out)}" if self.left_out else ALL


def write_about(path: Path, about: About) -> None:
    categories = [asdict(category) for category in about.categories.values()]
    write_json(path, {"language": about.language, "categories": categories})


def read_about(path: Path) -> About:
    content = json.loads(path.read_text(encoding="utf-8"))
    return About(content["language"], _by_key(Category(**fields) for fields in content["categories"]))


def _by_key(categories: Iterable[Category]) -> dict[str, Category]:
    return {category.key: category for category in categories}


_KEYS = {"key": str, "name": str, "scenario": str, "meaning": str, "main": bool}


def load_categories(file: Path) -> dict[str, Category]:
    """The categories of a YAML file, by key. Raises DataError with all that is wrong with it."""
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: no YAML file in UTF-8 ({' '.join(str(error).split())})") from None
    if not isinstance(entries, list) or not entries:
        raise DataError(
            f"{file}: write a list of categories, each with key and name, as xsafety/categories.yaml has it"
        )
    problems = [f"{file}, number {number}: {what}" for number, entry in enumerate(entries, 1) for what in _wrong(entry)]
    keys = [entry.get("key") for entry in entries if isinstance(entry, dict)]
    problems += [
        f"{file}: two categories have the key {key!r}" for key in sorted({k for k in keys if keys.count(k) > 1 and k})
    ]
    if problems:
        raise DataError.of(f"{file}: {len(problems)} problem(s)", problems)
    return _by_key(Category(**{"scenario": entry["name"]} | entry) for entry in entries)


def _wrong(entry: Any) -> Iterable[str]:
    if not isinstance(entry, dict) or not {"key", "name"} <= entry.keys():
        yield "give it a key and a name"
        return
    if unknown := sorted(str(key) for key in entry.keys() - _KEYS.keys()):
        yield f"unknown {', '.join(unknown)}; known are {', '.join(_KEYS)}"
    for key, kind in _KEYS.items():
        if key in entry and (not isinstance(entry[key], kind) or entry[key] == ""):
            yield f"{key} is {entry[key]!r}; write {'true or false' if kind is bool else 'a text, in quotes'}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_]*", str(entry["key"])):
        yield f"key is {entry['key']!r}; use small letters, digits and '_'"


PAPER = load_categories(Path(__file__).with_suffix(".yaml"))
"""The 14 safety issues of the paper, of the XSafety release and of folders of seeds without categories of their own."""

OF_PAPER = About("en", PAPER)
