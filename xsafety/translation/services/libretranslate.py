"""LibreTranslate, free software that anybody can run."""

from collections.abc import Callable

import langcodes

from .service import Endpoint, Service, TranslationNotFound


def libretranslate_code(tag: str) -> str:
    """LibreTranslate's code of a BCP 47 tag: the bare language, with `zt` for traditional Chinese."""
    parsed = langcodes.get(tag).maximize()
    if parsed.language == "zh":
        return "zt" if parsed.script == "Hant" else "zh"
    return "nb" if parsed.language == "no" else parsed.language or tag


def _client(endpoint: Endpoint, source: str, target: str) -> Callable[[str], str]:
    fixed = {"source": libretranslate_code(source), "target": libretranslate_code(target), "format": "text"}
    if endpoint.key:
        fixed["api_key"] = endpoint.key

    def translate(text: str) -> str:
        if fixed["source"] == fixed["target"]:
            return text
        answer = endpoint.json("POST", f"{endpoint.url}/translate", params={"q": text, **fixed})
        if not answer:
            raise TranslationNotFound
        return str(answer["translatedText"])

    return translate


LIBRETRANSLATE = Service(_client, characters=2_000)  # as the public server; the text goes into the address
