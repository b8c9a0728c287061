"""The codes by which translation services call languages, for BCP 47 tags."""

from collections.abc import Collection

import langcodes

# The services' own lists: developers.deepl.com (June 2026) and Azure's language support (September 2025).
DEEPL = """
    ACE AF AN AR AS AY AZ BA BE BG BHO BN BR BS CA CEB CKB CS CY DA DE DE-CH EL EN-GB EN-US EO ES ES-419 ET EU FA FI FR
    FR-CA GA GL GN GOM GU HA HE HI HR HT HU HY ID IG IS IT JA JV KA KK KMR KO KY LA LB LMO LN LT LV MAI MG MI MK ML MN
    MR MS MT MY NB NE NL OC OM PA PAG PAM PL PRS PS PT-BR PT-PT QU RO RU SA SCN SK SL SQ SR ST SU SV SW TA TE TG TH TK
    TL TN TR TS TT UK UR UZ VI WO XH YI YUE ZH-HANS ZH-HANT ZU
""".split()


MICROSOFT = """
    af am ar as az ba bg bho bn bo brx bs ca cs cy da de doi dsb dv el en es et eu fa fi fil fj fo fr fr-ca ga gl gom gu
    ha he hi hne hr hsb ht hu hy id ig ikt is it iu iu-Latn ja ka kk km kmr kn ko ks ku ky ln lo lt lug lv lzh mai mg mi
    mk ml mn-Cyrl mn-Mong mni mr ms mt mww my nb ne nl nso nya or otq pa pl prs ps pt pt-pt ro ru run rw sd si sk sl sm
    sn so sq sr-Cyrl sr-Latn st sv sw ta te th ti tk tlh-Latn tlh-Piqd tn to tr tt ty ug uk ur uz vi xh yo yua yue
    zh-Hans zh-Hant zu
""".split()


class Unknown(ValueError):
    """A service does not translate a language."""


def google_code(tag: str) -> str:
    """Google's code of a BCP 47 tag, e.g. `zh` -> `zh-CN`. Raises Unknown where it has none."""
    from deep_translator.constants import GOOGLE_LANGUAGES_TO_CODES

    return _closest("google", tag, GOOGLE_LANGUAGES_TO_CODES.values())


def deepl_code(tag: str, *, source: bool = False) -> str:
    """DeepL's code of a BCP 47 tag, e.g. `pt` -> `PT-BR`; of a `source` without variants. Raises Unknown."""
    code = _closest("deepl", tag, DEEPL)
    return code.split("-")[0] if source else code


def microsoft_code(tag: str) -> str:
    """Microsoft's code of a BCP 47 tag, e.g. `zh` -> `zh-Hans`. Raises Unknown where it has none."""
    # Its `ku` is Central Kurdish, which is `ckb` in BCP 47.
    code = _closest("microsoft", tag, [code if code != "ku" else "ckb" for code in MICROSOFT])
    return code if code != "ckb" else "ku"


def libretranslate_code(tag: str) -> str:
    """LibreTranslate's code of a BCP 47 tag: the bare language, with `zt` for traditional Chinese."""
    parsed = langcodes.get(tag).maximize()
    if parsed.language == "zh":
        return "zt" if parsed.script == "Hant" else "zh"
    return "nb" if parsed.language == "no" else parsed.language or tag


def _closest(service: str, tag: str, codes: Collection[str]) -> str:
    """The code of the same language and script, in the variety that is nearest."""
    if tag in codes:
        return tag
    code, distance = langcodes.closest_match(tag, list(codes), max_distance=9)
    if distance > 9 or code == "und" or _script(code) != _script(tag):
        raise Unknown(f"{service} does not translate {tag}")
    return code


def _script(tag: str) -> str | None:
    return langcodes.get(tag).maximize().script
