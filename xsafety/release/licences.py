"""Which rows a release may hold, by the licence of the source that they are from. No legal advice."""

import re

PERMISSIVE = frozenset(
    "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause CC0-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 ISC MIT ODC-By-1.0"
    " PDDL-1.0 Unlicense".split()
)
SHARE_ALIKE = frozenset("CDLA-Sharing-1.0 GPL-3.0-only GPL-3.0-or-later ODbL-1.0".split())
_CREATIVE_COMMONS = re.compile(r"CC-BY(-NC)?(-SA|-ND)?-\d\.\d")


def objection(licence: str | None, whole: str) -> str:
    """Why rows under a licence may not be in a release under `whole`, with what to do; empty where they may."""
    if licence is None or licence == "unknown":
        return "its licence is not known; find it out and set `dataset.licence`"
    if licence in PERMISSIVE or licence == whole:
        return "" if "-ND" not in licence else f"{licence} forbids adapted copies, such as translations"
    terms = _CREATIVE_COMMONS.fullmatch(licence)
    if not terms and licence not in SHARE_ALIKE:
        return f"{licence} is not known to allow {whole}; release under {licence} itself, if it allows that"
    commercial, adapted = terms.groups() if terms else (None, "-SA")
    if adapted == "-ND":
        return f"{licence} forbids adapted copies, such as translations"
    if adapted == "-SA":
        return f"{licence} allows no other licence; set `release.licence: {licence}`"
    if commercial and "-NC" not in whole:
        return f"{licence} forbids commercial use, {whole} does not; set `release.licence: {licence}`"
    return ""


def licence_url(licence: str) -> str:
    return f"https://spdx.org/licenses/{licence}.html"
