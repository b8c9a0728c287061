"""Which licence lets rows into a release under which other."""

import pytest

from xsafety.release.licences import objection


@pytest.mark.parametrize(
    ("licence", "whole", "told"),
    [
        ("Apache-2.0", "Apache-2.0", ""),
        ("MIT", "CC-BY-4.0", ""),
        ("CC-BY-4.0", "Apache-2.0", ""),
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", ""),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", ""),
        ("In-House-1", "In-House-1", ""),
        (None, "Apache-2.0", "not known"),
        ("unknown", "unknown", "not known"),
        ("CC-BY-SA-4.0", "Apache-2.0", "set `release.licence: CC-BY-SA-4.0`"),
        ("CC-BY-NC-SA-4.0", "CC-BY-NC-4.0", "allows no other"),
        ("ODbL-1.0", "CC-BY-4.0", "allows no other"),
        ("CC-BY-NC-4.0", "CC-BY-4.0", "forbids commercial use"),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", "forbids adapted copies"),
        ("CC-BY-NC-ND-4.0", "Apache-2.0", "forbids adapted copies"),
        ("In-House-1", "Apache-2.0", "not known to allow"),
    ],
)
def test_a_sources_licence_must_allow_the_releases(licence: str | None, whole: str, told: str) -> None:
    found = objection(licence, whole)
    assert told in found
    assert bool(found) is bool(told)
