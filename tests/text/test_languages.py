"""Languages: what the library says of a tag, and what is said of a tag that cannot be used."""

import pytest

from xsafety.text.languages import language
from xsafety.translation.language_codes import (
    DEEPL,
    MICROSOFT,
    Unknown,
    deepl_code,
    google_code,
    libretranslate_code,
    microsoft_code,
)


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
        ("english", "no BCP 47 tag"),
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


@pytest.mark.parametrize(
    ("tag", "google", "libretranslate", "deepl", "microsoft"),
    [
        ("en", "en", "en", "EN-US", "en"),
        ("en-GB", "en", "en", "EN-GB", "en"),
        ("zh", "zh-CN", "zh", "ZH-HANS", "zh-Hans"),
        ("zh-Hant", "zh-TW", "zt", "ZH-HANT", "zh-Hant"),
        ("zh-TW", "zh-TW", "zt", "ZH-HANT", "zh-Hant"),
        ("bn", "bn", "bn", "BN", "bn"),
        ("he", "iw", "he", "HE", "he"),
        ("jv", "jw", "jv", "JV", None),
        ("fil", "tl", "fil", "TL", "fil"),
        ("nb", "no", "nb", "NB", "nb"),
        ("no", "no", "nb", "NB", "nb"),
        ("pt", "pt", "pt", "PT-BR", "pt"),
        ("pt-BR", "pt", "pt", "PT-BR", "pt"),
        ("pt-PT", "pt", "pt", "PT-PT", "pt-pt"),
        ("es-MX", "es", "es", "ES-419", "es"),
        ("fr-CA", "fr", "fr", "FR-CA", "fr-ca"),
        ("sr", "sr", "sr", "SR", "sr-Cyrl"),
        ("sr-Latn", None, "sr", None, "sr-Latn"),
        ("ku", "ku", "ku", "KMR", "kmr"),
        ("ckb", "ckb", "ckb", "CKB", "ku"),
        ("lg", "lg", "lg", None, "lug"),
        ("mn", "mn", "mn", "MN", "mn-Cyrl"),
        ("sw", "sw", "sw", "SW", "sw"),
        ("yue", None, "yue", "YUE", "yue"),
        ("tlh", None, "tlh", None, "tlh-Latn"),
        ("nn", None, "nn", None, None),
    ],
)
def test_codes_of_the_translation_services(
    tag: str, google: str | None, libretranslate: str, deepl: str | None, microsoft: str | None
) -> None:
    assert libretranslate_code(tag) == libretranslate
    for service, code_of, code in (
        ("google", google_code, google),
        ("deepl", deepl_code, deepl),
        ("microsoft", microsoft_code, microsoft),
    ):
        if code:
            assert code_of(tag) == code
        else:
            with pytest.raises(Unknown, match=f"^{service} does not translate {tag}$"):
                code_of(tag)


def test_deepl_translates_from_languages_without_variants() -> None:
    assert [deepl_code(tag, source=True) for tag in ("en", "pt-BR", "zh-Hant", "sw")] == ["EN", "PT", "ZH", "SW"]


def test_every_code_of_a_list_is_found_by_its_own_tag() -> None:
    assert [deepl_code(code) for code in DEEPL] == DEEPL
    assert [microsoft_code(code if code != "ku" else "ckb") for code in MICROSOFT] == MICROSOFT
