"""Microsoft Translator, of Azure."""

from collections.abc import Callable

from .service import Endpoint, Service, own_code

# Its own list (Azure's language support, September 2025).
MICROSOFT_CODES = """
    af am ar as az ba bg bho bn bo brx bs ca cs cy da de doi dsb dv el en es et eu fa fi fil fj fo fr fr-ca ga gl gom gu
    ha he hi hne hr hsb ht hu hy id ig ikt is it iu iu-Latn ja ka kk km kmr kn ko ks ku ky ln lo lt lug lv lzh mai mg mi
    mk ml mn-Cyrl mn-Mong mni mr ms mt mww my nb ne nl nso nya or otq pa pl prs ps pt pt-pt ro ru run rw sd si sk sl sm
    sn so sq sr-Cyrl sr-Latn st sv sw ta te th ti tk tlh-Latn tlh-Piqd tn to tr tt ty ug uk ur uz vi xh yo yua yue
    zh-Hans zh-Hant zu
""".split()

ADDRESS = "https://api.cognitive.microsofttranslator.com"


def microsoft_code(tag: str) -> str:
    """Microsoft's code of a BCP 47 tag, e.g. `zh` -> `zh-Hans`. Raises TranslationFailed where it has none."""
    # Its `ku` is Central Kurdish, which is `ckb` in BCP 47.
    code = own_code("microsoft", tag, [code if code != "ku" else "ckb" for code in MICROSOFT_CODES])
    return code if code != "ckb" else "ku"


def _client(endpoint: Endpoint, source: str, target: str) -> Callable[[str], str]:
    query = {"api-version": "3.0", "from": microsoft_code(source), "to": microsoft_code(target)}
    headers = {"Ocp-Apim-Subscription-Key": endpoint.key}
    if endpoint.region:
        headers["Ocp-Apim-Subscription-Region"] = endpoint.region

    def translate(text: str) -> str:
        url = f"{endpoint.url or ADDRESS}/translate"
        [answer] = endpoint.json("POST", url, params=query, headers=headers, json=[{"text": text}])
        return str(answer["translations"][0]["text"])

    return translate


MICROSOFT = Service(
    _client,
    characters=30_000,  # free accounts take 33,000 in a minute
    requests_per_minute=300,
    refusals={403: "quota"},
)
