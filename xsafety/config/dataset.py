"""`dataset`: where seed queries come from."""

from pathlib import Path

from pydantic import Field, model_validator

from .block import Strict


class Dataset(Strict):
    """Where seed queries come from: one key for each source in `xsafety/seeds/`, exactly one of which is given."""

    seeds: str | None = Field(None, description="folder with CSV files of English seed queries: id, category, text")
    xsafety: str | None = Field(None, description="folder of a clone of the XSafety release, as it is")

    @model_validator(mode="after")
    def _one_source(self) -> "Dataset":
        if len([key for key, folder in self if folder is not None]) != 1:
            raise ValueError(f"give exactly one of {' and '.join(f'`{key}`' for key in Dataset.model_fields)}")
        if not Path(self.folder).is_dir():
            folder = repr(self.folder)
            raise ValueError(f"there is no folder {folder}; paths are relative to the folder you run snakemake in")
        return self

    @property
    def source(self) -> str:
        """The kind of source: the key that is given."""
        return next(key for key, folder in self if folder is not None)

    @property
    def folder(self) -> str:
        return str(getattr(self, self.source))
