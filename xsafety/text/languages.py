"""Languages as BCP 47 tags, with names, script and direction from the langcodes library."""

from dataclasses import dataclass
from functools import cache, cached_property

import langcodes
from langcodes.tag_parser import LanguageTagError

EN = "en"
RTL_SCRIPTS = frozenset("Adlm Arab Aran Hebr Mand Mend Nkoo Rohg Samr Sogd Syrc Thaa Yezi".split())


@dataclass(frozen=True)
class Language:
    """A language: `tag` as configured, ISO 15924 `script`, `direction` 'ltr' or 'rtl'."""

    tag: str
    script: str
    direction: str

    # The names of all languages in all languages take a tenth of a second to load.
    @cached_property
    def name(self) -> str:
        """In English."""
        return langcodes.get(self.tag).display_name()

    @cached_property
    def autonym(self) -> str:
        """In the language itself."""
        return langcodes.get(self.tag).autonym()


@cache
def language(tag: str) -> Language:
    """The language of a BCP 47 tag.

    Raises ValueError, with the fix, for a tag that is malformed, not canonical or names no known language.
    """
    try:
        parsed = langcodes.get(tag, normalize=False)
    except LanguageTagError as error:
        raise ValueError(f"{tag!r} is no BCP 47 tag ({error}); write for instance 'sw' or 'pt-BR'") from None
    if not parsed.is_valid() or parsed.language in (None, "und", "mul", "mis", "zxx"):
        raise ValueError(f"{tag!r} names no known language; look its tag up at https://r12a.github.io/app-subtags/")
    standard = langcodes.standardize_tag(tag)
    if standard != tag:
        raise ValueError(f"{tag!r} is not the standard form; write {standard!r}")
    script = parsed.maximize().script or "Zyyy"
    direction = "rtl" if script in RTL_SCRIPTS else "ltr"
    return Language(tag, script, direction)


@cache
def tag_of(name: str) -> str:
    """The tag of a language by what others call it: a tag in any form ("arb", "en_US"), or its English name.

    Empty if it is none.
    """
    name = name.strip()
    try:
        return language(langcodes.standardize_tag(name, macro=True)).tag
    except ValueError:
        pass
    try:
        return language(langcodes.find(name).to_tag()).tag
    except (ValueError, LookupError):
        return ""
