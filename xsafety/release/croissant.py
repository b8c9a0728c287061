"""`croissant.json`: a release described for machines, as Croissant 1.0 has it (mlcommons.org/croissant)."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from ..config.release import DataRelease
from ..tabular import file_sha256
from .columns import ColumnType, released_columns
from .files import Part
from .licences import licence_url
from .released import canary

_TYPES: dict[ColumnType, str] = {
    "text": "sc:Text",
    "number": "sc:Integer",
    "fraction": "sc:Float",
    "yes or no": "sc:Boolean",
    "list of texts": "sc:Text",
}


def croissant(release: DataRelease, warning: str, parts: Sequence[Part], folder: Path) -> dict[str, object]:
    """The description of a release whose data files stand in `folder`: a file and a record set for each part.

    It begins with the `warning`, if any.
    """
    about = [warning, release.description or release.title, f"Canary: {canary(release.name)}"]
    people = [{"@type": "sc:Person", "name": author.name} for author in release.authors]
    return {
        "@context": yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")),
        "@type": "sc:Dataset",
        "name": release.folder,
        "description": "\n".join(filter(None, about)),
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "citeAs": f"{', '.join(author.name for author in release.authors)}: {release.title}, version {release.version}",
        "creator": people,
        "license": licence_url(release.licence),
        "url": release.homepage or f"urn:uuid:{canary(release.name)}",
        "version": release.version,
        **({"datePublished": release.date} if release.date else {}),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"{part.config}.parquet",
                "name": f"{part.config}.parquet",
                "contentUrl": part.file,
                "encodingFormat": "application/x-parquet",
                "sha256": file_sha256(folder / part.file),
            }
            for part in parts
        ],
        "recordSet": [_record_set(part) for part in parts],
    }


def _record_set(part: Part) -> dict[str, object]:
    fields = []
    for name, column in released_columns(part.kind).items():
        field: dict[str, object] = {
            "@type": "cr:Field",
            "@id": f"{part.config}/{name}",
            "name": name,
            "description": column.meaning,
            "dataType": _TYPES[column.type],
            "source": {"fileObject": {"@id": f"{part.config}.parquet"}, "extract": {"column": name}},
        }
        if column.type == "list of texts":
            field["repeated"] = True
        fields.append(field)
    return {
        "@type": "cr:RecordSet",
        "@id": part.config,
        "name": part.config,
        "description": part.about,
        "field": fields,
    }
