"""`dataset`: where seed queries come from."""

from pathlib import Path

from pydantic import (
    Field,
    model_validator,
)

from .block import Strict


class Dataset(Strict):
    """Where seed queries come from: exactly one of the two."""

    seeds: str | None = Field(None, description="folder with CSV files of English seed queries: id, category, text")
    xsafety: str | None = Field(None, description="folder of a clone of the XSafety release, as it is")

    @model_validator(mode="after")
    def _one_source(self) -> "Dataset":
        given = [path for path in (self.seeds, self.xsafety) if path is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of `seeds` and `xsafety`")
        if not Path(given[0]).is_dir():
            raise ValueError(f"there is no folder {given[0]!r}; paths are relative to the folder you run snakemake in")
        return self
