"""What all blocks of `config.yaml` share: strictness, names, tags and addresses."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _no_file_of_the_journal(name: str) -> str:
    if name.endswith(".jsonl"):
        raise ValueError("a name that ends in .jsonl is that of a file in the journal; choose another")
    return name


Name = Annotated[str, Field(pattern=NAME), AfterValidator(_no_file_of_the_journal)]

# Capitals only, so that a key written here by mistake is not taken for a name, and never shown.
Variable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]

Licence = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")]
"""An SPDX identifier, as on https://spdx.org/licenses."""


class Strict(BaseModel):
    """Unknown keys are errors; values are not converted from one type to another; what was read does not change."""

    # Schemas are built when first used, which most jobs do with one block.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=(), defer_build=True)


def check_tags(tags: list[str]) -> list[str]:
    """Raises ValueError, with all problems, for tags that are no languages or given twice."""
    from ..text.languages import language  # langcodes is not needed by jobs that are handed a block

    problems = [f"{tag!r} is given twice" for tag in sorted({tag for tag in tags if tags.count(tag) > 1})]
    for tag in tags:
        try:
            language(tag)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems))
    return tags


def _no_login(url: str | None) -> str | None:
    """Raises ValueError for an address with a login or a query, which would be shown and kept in clear."""
    if url and "@" in url:
        raise ValueError("an address with a login is kept in clear; give the key by api_key_env")
    if url and "?" in url:
        raise ValueError("an address with a query is kept in clear; give a key by api_key_env or headers_env")
    return url


Address = Annotated[str | None, AfterValidator(_no_login)]
