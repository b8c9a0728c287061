"""LibreTranslate, free software that anybody can run."""

from collections.abc import Callable

import langcodes

from .service import Endpoint, Service, TranslationNotFound, own_code

# Its codes that are no tags, or not the usual ones (1.9.6). Else a code is the language alone, in its usual script:
# which there are is up to the models of a server.
_CODES = {"zh-Hant": "zt", "pt-BR": "pb", "no": "nb", "fil": "tl"}


def libretranslate_code(tag: str) -> str:
    """LibreTranslate's code of a BCP 47 tag, e.g. `zh-TW` -> `zt`. Raises TranslationFailed for an unusual script."""
    bare = langcodes.get(langcodes.standardize_tag(tag, macro=True)).language or tag
    code = own_code("libretranslate", tag, [bare, *_CODES])
    return _CODES.get(code, code)


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
