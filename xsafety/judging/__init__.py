"""Verdicts: safe, unsafe or invalid on every response, and whether it refuses.

Judges of other engines than these are asked, by a protocol.
"""

from collections.abc import Callable, Iterable

from ..rows import Response, Verdict
from .lexicon import lexicon_verdicts

RULE_BASED: dict[str, Callable[[Iterable[Response]], list[Verdict]]] = {"lexicon": lexicon_verdicts}
"""The register of judge engines that need no asking."""
