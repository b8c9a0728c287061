"""Languages: what the library says of a tag, and what is said of a tag that cannot be used."""

import pytest

from xsafety.text.languages import language


@pytest.mark.parametrize(
    ("tag", "name", "script", "direction"),
    [
        ("en", "English", "Latn", "ltr"),
        ("zh", "Chinese", "Hans", "ltr"),
        ("zh-Hant", "Chinese (Traditional)", "Hant", "ltr"),
        ("ar", "Arabic", "Arab", "rtl"),
        ("he", "Hebrew", "Hebr", "rtl"),
        ("ckb", "Central Kurdish", "Arab", "rtl"),
        ("bn", "Bangla", "Beng", "ltr"),
        ("no", "Norwegian", "Latn", "ltr"),
        ("sr-Latn", "Serbian (Latin)", "Latn", "ltr"),
    ],
)
def test_names_scripts_and_directions(tag: str, name: str, script: str, direction: str) -> None:
    found = language(tag)
    assert (found.tag, found.name, found.script, found.direction) == (tag, name, script, direction)
    assert found.autonym


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("zh-cn", "write 'zh-CN'"),
        ("EN", "write 'en'"),
        ("iw", "write 'he'"),
        ("zho-Hans-", "no BCP 47 tag"),
        ("türkisch", "no BCP 47 tag .*; 'tr' is Turkish"),
        ("english", "no BCP 47 tag .*; 'en' is English"),
        ("", "no BCP 47 tag"),
        ("sp", "no known language"),
        ("jp", "no known language"),
        ("und", "no known language"),
        ("mul", "no known language"),
    ],
)
def test_unusable_tags_are_refused_with_the_fix(tag: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as error:
        language(tag)
    assert repr(tag) in str(error.value)
