"""What each translation service takes and wants, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """`characters`: most that are sent at once; `requests_per_minute`: its default; `key`: default name of the variable
    with its key, empty where none is needed.
    """

    characters: int
    requests_per_minute: float | None = None
    key: str = ""


SERVICES = {
    "google": Service(4_999, 300),  # a page for people: 5 requests a second are said to be borne
    "libretranslate": Service(2_000),  # as the public server; the text goes into the address
    "deepl": Service(10_000, 600, "DEEPL_API_KEY"),  # 128 KiB of JSON, in which a letter may take 12 bytes
    "microsoft": Service(30_000, 300, "MICROSOFT_API_KEY"),  # free accounts take 33,000 characters in a minute
}
