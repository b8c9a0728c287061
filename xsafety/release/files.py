"""The data files of a release: Parquet and JSON Lines of the same rows.

The same rows give the same bytes: settings are fixed, nothing tells a time, and both formats are written by pyarrow,
whose version is pinned and stands in every footer; the zlib of Python differs from machine to machine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..tabular import Row, to_json, write_bytes
from .columns import ColumnType, released_columns

ROW_GROUP = 10_000  # rows

_TYPES: Mapping[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "number": pa.int32(),
    "fraction": pa.float64(),
    "yes or no": pa.bool_(),
    "list of texts": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Part:
    """The rows of one kind that are loaded together, by the name of their configuration: a language's, for one."""

    config: str
    kind: type[Mapping[str, Any]]
    folder: str
    about: str
    rows: int

    @property
    def rows_of(self) -> str:
        """What its rows are."""
        return "queries" if self.folder == "data" else self.config

    @property
    def file(self) -> str:
        """The path of its Parquet file in the release."""
        return f"{self.folder}/{self.config}.parquet"


def arrow_schema(kind: type[Row]) -> pa.Schema:
    """The types of a noun's columns in Parquet."""
    return pa.schema([(name, _TYPES[column.type]) for name, column in released_columns(kind).items()])


def write_released(path: Path, kind: type[Row], rows: Iterable[Row]) -> int:
    """Writes rows of a kind as `path`.parquet and `path`.jsonl.gz, and counts them; nothing where there are none."""
    schema, number = arrow_schema(kind), 0
    table, lines = pa.BufferOutputStream(), pa.BufferOutputStream()
    settings = {"version": "2.6", "compression": "zstd", "compression_level": 3, "store_schema": False}
    with pq.ParquetWriter(table, schema, **settings) as groups, pa.CompressedOutputStream(lines, "gzip") as packed:
        for some in in_groups(rows, ROW_GROUP):
            number += len(some)
            groups.write_table(pa.Table.from_pylist(some, schema))
            packed.write("".join(f"{to_json(row)}\n" for row in some).encode())
    if not number:
        return 0
    write_bytes(Path(f"{path}.parquet"), table.getvalue())
    write_bytes(Path(f"{path}.jsonl.gz"), lines.getvalue())
    return number


def in_groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Rows, so many at a time."""
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some
