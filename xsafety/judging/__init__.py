"""Verdicts: safe, unsafe or invalid on every response, and whether it refuses.

A judge is asked, by a protocol, or goes by rules, or by a majority of others.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from ..rows import Response, Verdict
from .lexicon import lexicon_verdicts

Rules = Callable[[Iterable[Response], Collection[str]], Iterator[Verdict]]

RULE_BASED: dict[str, Rules] = {"lexicon": lexicon_verdicts}
"""The register of judge engines that look at responses alone, and at which categories ask for a choice."""
