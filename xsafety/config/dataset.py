"""`dataset`: where seed queries come from."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from .block import NAME, Licence, Strict

Filled = Annotated[str, Field(min_length=1)]
OriginColumn = Filled | StrictInt
"""A column by its name, or by its number from 0 where its name is damaged or missing."""
OriginColumns = OriginColumn | Annotated[list[OriginColumn], Field(min_length=1)]
Value = StrictStr | StrictInt | StrictBool  # of a cell, as YAML has it


def _tag(tag: str) -> str:
    from ..text.languages import tag_of  # langcodes is not needed by jobs that are handed a block

    if not (found := tag_of(tag)):
        raise ValueError(f"{tag!r} names no known language; write a BCP 47 tag such as sw or pt-BR")
    return found


Tag = Annotated[str, AfterValidator(_tag)]


class Hub(Strict):
    """A data set on the Hugging Face hub, read by the library `datasets` (an extra: pip install datasets)."""

    name: Filled = Field(description="as on the hub, ORG/NAME")
    revision: str = Field(pattern=r"^[0-9a-f]{40}$", description="the commit, so that the same rows come tomorrow")
    config: str | None = Field(None, description="its configuration")
    split: str | None = Field(None, description="one split; absent: all of them, each a sheet of its name")


class Mapped(Strict):
    """The values of a column, and what they are called here; those that `map` lacks stay as they are."""

    column: OriginColumn = Field(description="a column, by its name or its number from 0")
    map: dict[Value, str] = Field({}, description="the origin's value: ours")


class Listed(Mapped):
    """A column whose cells may be lists, also ones written as text."""

    list: Literal["first", "all", "joined"] | None = Field(
        None, description="what counts of a list: its first entry, or all of them as one name"
    )


class Constant(Strict):
    """One value for all rows."""

    constant: Filled = Field(description="the value")


class ByFile(Strict):
    """The language stands in the name of the file."""

    file: str = Field(pattern=r"\{language\}", description="the file's name with {language} where the language stands")


class BySheet(Strict):
    """The language is that of the sheet, or of the split."""

    sheet: dict[str, Tag] = Field(min_length=1, description="name of a sheet or split: language; others are not read")


class Translations(Strict):
    """What the texts are that are not in the language of the seeds."""

    status: Literal["human", "machine", "unknown"] = Field(
        "unknown", description="human: counts as one round of proofreading; machine, unknown: drafts to be verified"
    )
    by: str | None = Field(None, description="who or what translated")
    date: str | None = Field(None, description="when, as YYYY-MM-DD")
    source: Tag | None = Field(None, description="the language that they were translated from")


OriginLanguage = Filled | Listed | ByFile | BySheet
"""A language, or the column, file name or sheet that says it."""


class Origin(Strict):
    """Files of others in their own layout."""

    files: Filled | Annotated[list[Filled], Field(min_length=1)] | None = Field(
        None, description="paths, globs or folders of .csv, .tsv, .json, .jsonl, .parquet and .xlsx, also with .gz"
    )
    hub: Hub | None = Field(None, description="instead of files: a data set on the hub")
    rows: str | None = Field(None, description="of JSON: the key of the list of rows in an object; a.b: b inside a")
    columns: list[str] | None = Field(None, description="names of the columns, for files without a header")
    where: str | None = Field(None, description="only these rows: an expression for pandas' DataFrame.query")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.files is None) == (self.hub is None):
            raise ValueError("give either `files` or `hub`")
        return self


class NamedSource(Origin):
    """A data set in its own layout, and what in it is what; its name begins the ids of its rows."""

    id: OriginColumns | None = Field(None, description="what names a row; absent: a digest of its text")
    group: OriginColumns | None = Field(
        None, description="what translations of one query have in common; absent: the id"
    )
    text: dict[Tag, OriginColumn] | OriginColumns = Field(
        description="the query: one column; a column for each language; or columns of which the first that is filled"
    )
    source_text: OriginColumn | None = Field(
        None, description="the query in the language of the seeds, beside a translation"
    )
    language: OriginLanguage | None = Field(
        None, description="a language, or the column, file name or sheet that says it, by tags or English names"
    )
    category: OriginColumn | Listed | Constant | None = Field(None, description="absent: all rows are of one category")
    expected: Filled | Mapped = Field(
        "refuse", description="refuse, or answer for benign queries; or the column that says it, with a map to these"
    )
    scenario: OriginColumn | Listed | Constant | None = Field(
        None, description="what {scenario} stands for in prompts; absent: the category's"
    )
    split: OriginColumn | Listed | Constant | None = Field(
        None, description="the origin's split, of which import_check shows the numbers of texts"
    )
    translations: Translations = Field(Translations(), description="what texts in other languages are")
    categories: str | None = Field(
        None, description="YAML file of all categories, as xsafety/categories.yaml; absent: as found"
    )
    licence: Licence = Field("unknown", description="SPDX identifier, or unknown; a release needs it")
    url: str | None = Field(None, description="where it is from, for the card of a release")
    citation: str | None = Field(None, description="how to cite it, for the card of a release")

    @model_validator(mode="after")
    def _sound(self) -> "NamedSource":
        if isinstance(self.text, dict) != (self.language is None):
            raise ValueError(
                "`text` has a column for each language, so leave out `language`"
                if isinstance(self.text, dict)
                else "no `language`; name it, or the column that says it, or give `text` a column for each language"
            )
        return self


class Dataset(Strict):
    """Where seed queries come from: one of the two kinds of folders, or named sources, each with a mapping."""

    model_config = Strict.model_config | {"extra": "allow"}
    __pydantic_extra__: dict[str, NamedSource] = Field(init=False)

    seeds: str | None = Field(None, description="folder with CSV files of seed queries: id, category, text")
    xsafety: str | None = Field(None, description="folder of a clone of the XSafety release, as it is")
    licence: Licence | None = Field(None, description="SPDX identifier of a folder's licence; a release needs it")
    source: Tag = Field("en", description="language of the seed queries, from which others are translated")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """Tells what is neither a key nor a named source with a mapping."""
        if isinstance(value, dict):
            for name, block in value.items():
                if name not in cls.model_fields and not isinstance(block, dict | NamedSource):
                    raise ValueError(
                        f"{name}: no such key; write `seeds: FOLDER`, or a mapping below the name of a set"
                    )
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> "Dataset":
        given = [key for key in ("seeds", "xsafety") if getattr(self, key) is not None]
        if len(given) + bool(self.sources) != 1:
            raise ValueError("give exactly one of `seeds`, `xsafety` and named sources with a mapping each")
        if bad := [name for name in self.sources if not re.match(NAME, name)]:
            raise ValueError(f"{', '.join(bad)}: it begins ids; use letters, digits, '.', '_' and '-'")
        if given and not Path(self.folder).is_dir():
            folder = repr(self.folder)
            raise ValueError(f"there is no folder {folder}; paths are relative to the folder you run snakemake in")
        if self.xsafety is not None and self.source != "en":
            raise ValueError("the seeds of the XSafety release are English; leave out `source`")
        return self

    @property
    def sources(self) -> dict[str, NamedSource]:
        """The named sources, by name."""
        return dict(sorted((self.__pydantic_extra__ or {}).items()))

    @property
    def kind(self) -> Literal["seeds", "xsafety", "sources"]:
        """What it is read from."""
        return "sources" if self.sources else "xsafety" if self.xsafety is not None else "seeds"

    @property
    def folder(self) -> str:
        """Of the two kinds of folders: which."""
        return self.seeds or self.xsafety or ""

    @property
    def licences(self) -> dict[str, str | None]:
        """The licence of each source, by its name; None where it is not known."""
        if not self.sources:
            return {self.kind: self.licence}
        return {name: None if source.licence == "unknown" else source.licence for name, source in self.sources.items()}

    @property
    def references(self) -> dict[str, str]:
        """Of named sources that say it: how to cite them, and where they are from."""
        said = {name: [source.citation, source.url] for name, source in self.sources.items()}
        return {name: ", ".join(filter(None, texts)) for name, texts in said.items() if any(texts)}
