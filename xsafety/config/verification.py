"""`verification`: when a language may be evaluated."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from ..rows import REVIEWER_NAME
from .block import Strict, Variable, _no_login


class SpotCheck(Strict):
    """The last look at a share of the rows, as one more round of proofreading."""

    share: float = Field(gt=0, le=1, description="of the rows, rounded up; which ones is drawn by a hash")
    min_pass_rate: float = Field(
        gt=0, le=1, description="share of the inspected rows that must be left as they are; else a further round"
    )
    seed: int = Field(0, description="another seed draws another sample")


def _no_clear_token(url: str) -> str:
    """Raises ValueError for an address to which a token would go in clear, other than on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise ValueError("give an address with https://, so that the token does not go over the network in clear")
    return url


class Weblate(Strict):
    """A component on a team's Weblate server."""

    base_url: Annotated[str, AfterValidator(_no_clear_token), AfterValidator(_no_login)] = Field(
        description="the server's address, as in the browser"
    )
    component: str = Field(
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)+$", description="PROJECT/COMPONENT, as in its address"
    )
    api_key_env: Variable = Field("WEBLATE_TOKEN", description="name of the environment variable with the token")
    users: dict[str, Annotated[str, Field(pattern=f"^{REVIEWER_NAME}$")] | None] = Field(
        default_factory=dict, description="Weblate user -> name in file names; null: no person, a script's account"
    )
    timeout: float = Field(60, gt=0, description="seconds that one request may take")


class Verification(Strict):
    """When a language may be evaluated."""

    reviews: str = Field(
        "data/reviews", description="folder with returned review sheets, {lang}/round-{n}.{reviewer}.xlsx"
    )
    rounds: int = Field(2, ge=1, description="rounds of proofreading that every row needs; the paper had 2")
    max_modification_rate: float | None = Field(
        None, ge=0, le=1, description="share of its rows that the last round may change; else a further round"
    )
    spot_check: SpotCheck | None = Field(None, description="inspection of a sample after the last round; absent: none")
    min_coverage: float = Field(
        1.0, gt=0, le=1, description="share of rows that must be verified before a language's verified rows are used"
    )
    accept_drafts: bool = Field(False, description="evaluate unverified drafts too; everything shown says so")
    different_reviewers: bool = Field(
        True, description="where there may be several rounds: no reviewer decides a row in two, or inspects his own"
    )
    require_all: bool = Field(False, description="fail instead of going on without the languages that wait")
    weblate: Weblate | None = Field(None, description="a team's Weblate server, for weblate_send and weblate_fetch")

    @property
    def needs_other_reviewers(self) -> bool:
        """Whether each round must come from another reviewer: where there can be only one, any may correct himself."""
        several = self.rounds > 1 or self.max_modification_rate is not None or self.spot_check is not None
        return self.different_reviewers and several
