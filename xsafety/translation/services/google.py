"""Google Translate by its page for people, which wants no key."""

from collections.abc import Callable

from .service import Endpoint, Service, TranslationNotFound, own_code

_VARIETIES = ("fr-CA", "pt-PT")  # which deep-translator does not list; `pt` is Brazilian


def google_code(tag: str) -> str:
    """Google's code of a BCP 47 tag, e.g. `zh` -> `zh-CN`. Raises TranslationFailed where it has none."""
    from deep_translator.constants import GOOGLE_LANGUAGES_TO_CODES

    return own_code("google", tag, [*GOOGLE_LANGUAGES_TO_CODES.values(), *_VARIETIES])


def _client(endpoint: Endpoint, source: str, target: str) -> Callable[[str], str]:
    from bs4 import BeautifulSoup
    from deep_translator.constants import BASE_URLS

    languages = {"sl": google_code(source), "tl": google_code(target)}

    def translate(text: str) -> str:
        if languages["sl"] == languages["tl"]:
            return text
        page = endpoint.request("GET", BASE_URLS["GOOGLE_TRANSLATE"], params={**languages, "q": text.strip()})
        found = BeautifulSoup(page.text, "html.parser").find("div", {"class": ["t0", "result-container"]})
        if found is None:
            raise TranslationNotFound
        return str(found.get_text(strip=True))

    return translate


GOOGLE = Service(
    _client,
    characters=4_999,
    requests_per_minute=300,  # 5 a second are said to be borne
    # A page has no key and no address of ours: it turns away for a while.
    refusals={401: "later", 403: "later", 404: "text", 405: "text"},
)
