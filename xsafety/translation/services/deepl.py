"""DeepL, by its API, free or paid."""

from collections.abc import Callable

from .service import Endpoint, Service, own_code

# Its own list (developers.deepl.com, June 2026).
DEEPL_CODES = """
    ACE AF AN AR AS AY AZ BA BE BG BHO BN BR BS CA CEB CKB CS CY DA DE DE-CH EL EN-GB EN-US EO ES ES-419 ET EU FA FI FR
    FR-CA GA GL GN GOM GU HA HE HI HR HT HU HY ID IG IS IT JA JV KA KK KMR KO KY LA LB LMO LN LT LV MAI MG MI MK ML MN
    MR MS MT MY NB NE NL OC OM PA PAG PAM PL PRS PS PT-BR PT-PT QU RO RU SA SCN SK SL SQ SR ST SU SV SW TA TE TG TH TK
    TL TN TR TS TT UK UR UZ VI WO XH YI YUE ZH-HANS ZH-HANT ZU
""".split()


def deepl_code(tag: str, *, source: bool = False) -> str:
    """DeepL's code of a BCP 47 tag, e.g. `pt` -> `PT-BR`; of a `source` without variants.

    Raises TranslationFailed where it has none.
    """
    code = own_code("deepl", tag, DEEPL_CODES)
    return code.split("-")[0] if source else code


def deepl_address(endpoint: Endpoint) -> str:
    """The address of its API: that of free keys, which end in ':fx', or of paid ones, if none is configured."""
    from deep_translator.constants import BASE_URLS

    if endpoint.url:
        return f"{endpoint.url}/v2/"
    return str(BASE_URLS["DEEPL_FREE" if endpoint.key.endswith(":fx") else "DEEPL"].format(version="v2"))


def _client(endpoint: Endpoint, source: str, target: str) -> Callable[[str], str]:
    languages = {"source_lang": deepl_code(source, source=True), "target_lang": deepl_code(target)}
    url = f"{deepl_address(endpoint)}translate"
    headers = {"Authorization": f"DeepL-Auth-Key {endpoint.key}"}

    def translate(text: str) -> str:
        answer = endpoint.json("POST", url, headers=headers, json={"text": [text], **languages})
        return str(answer["translations"][0]["text"])

    return translate


DEEPL = Service(
    _client,
    characters=10_000,  # 128 KiB of JSON, in which a letter may take 12 bytes
    requests_per_minute=600,
    refusals={456: "quota"},
)
