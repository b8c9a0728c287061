"""What each translation service takes and wants, as data."""

from dataclasses import dataclass

from ..config.models import Connection
from ..config.translation import ServiceConnection, Translation


@dataclass(frozen=True)
class Service:
    """`characters`: most that are sent at once; `requests_per_minute`: its default."""

    characters: int
    requests_per_minute: float | None = None


SERVICES = {
    "google": Service(4_999, 300),  # a page for people: 5 requests a second are said to be borne
    "libretranslate": Service(2_000),  # as the public server; the text goes into the address
    "deepl": Service(10_000, 600),  # 128 KiB of JSON, in which a letter may take 12 bytes
    "microsoft": Service(30_000, 300),  # free accounts take 33,000 characters in a minute
}


def connection(block: Translation) -> Connection | ServiceConnection:
    """How the engine that translates is reached and paced, with the defaults of the service."""
    if block.openai:
        return block.openai.connection()
    service = SERVICES.get(block.engine)
    usual = service.requests_per_minute if service else None
    return ServiceConnection(
        **block.model_dump(include=set(ServiceConnection.model_fields) - {"api_key_env", "requests_per_minute"}),
        api_key_env=block.key_variable,
        requests_per_minute=block.requests_per_minute or usual,
    )
