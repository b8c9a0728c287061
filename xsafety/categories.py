"""The 14 safety issues of the paper, as `categories.yaml` beside this file names and explains them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

PLACEHOLDER = "{scenario}"  # stands for a category's scenario in the text of a prompting method


@dataclass(frozen=True)
class Category:
    """A safety issue: its key in our files, name in reports, file stem in the release, scenario in prompts.

    `meaning` says in a sentence what its queries are like.
    """

    key: str
    name: str
    stem: str
    scenario: str
    kind: Literal["typical scenario", "commonsense", "instruction attack"]
    meaning: str


CATEGORIES: tuple[Category, ...] = tuple(
    Category(**fields) for fields in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
)
BY_KEY: dict[str, Category] = {category.key: category for category in CATEGORIES}
COMMONSENSE = "commonsense"
"""The key of Commonsense Safety, which the paper's main table leaves out."""
