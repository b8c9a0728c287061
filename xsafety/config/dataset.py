"""`dataset`: where seed queries come from."""

from pathlib import Path

from pydantic import Field, model_validator

from .block import Licence, Strict

_SOURCES = ("seeds", "xsafety")


class Dataset(Strict):
    """Where seed queries come from: one key for each source in `xsafety/seeds/`, exactly one of which is given."""

    seeds: str | None = Field(None, description="folder with CSV files of English seed queries: id, category, text")
    xsafety: str | None = Field(None, description="folder of a clone of the XSafety release, as it is")
    licence: Licence | None = Field(None, description="SPDX identifier of the source's licence; a release needs it")

    @model_validator(mode="after")
    def _one_source(self) -> "Dataset":
        if sum(getattr(self, key) is not None for key in _SOURCES) != 1:
            raise ValueError(f"give exactly one of {' and '.join(f'`{key}`' for key in _SOURCES)}")
        if not Path(self.folder).is_dir():
            folder = repr(self.folder)
            raise ValueError(f"there is no folder {folder}; paths are relative to the folder you run snakemake in")
        return self

    @property
    def source(self) -> str:
        """The kind of source: the key that is given."""
        return next(key for key in _SOURCES if getattr(self, key) is not None)

    @property
    def folder(self) -> str:
        return str(getattr(self, self.source))

    @property
    def licences(self) -> dict[str, str | None]:
        """The licence of each source, by its name."""
        return {self.source: self.licence}
