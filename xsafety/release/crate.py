"""A run as an RO-Crate, for archives of research: the workflow, what went in, what came out.

By the profile w3id.org/ro/wfrun/workflow. Of texts it holds what report.html shows: data sets, answers and verdicts are
for a release. What went in stands by its checksum.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import yaml
from rocrate.model import ContextEntity, Person
from rocrate.rocrate import ROCrate

from ..config.release import DataRelease
from ..tabular import file_sha256, whole_folder
from .licences import licence_url
from .provenance import RunProvenance, without_servers

METADATA = "ro-crate-metadata.json"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
# What the Snakefile needs of its checkout, by what each is.
_CODE = {
    "CITATION.cff": "how to cite the workflow",
    "LICENSE": "the workflow's licence",
    "pyproject.toml": "the packages that the workflow needs",
    "requirements.lock": "the packages that these need in turn",
    "envs": "conda environments of the rules",
    "report": "captions for snakemake --report",
    "rules": "the stages of the workflow",
    "scripts": "what the rules run",
    "tests/build": "tests on the workflow's own products",
    "xsafety": "the library",
}
_FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
}


@dataclass(frozen=True)
class RunFiles:
    """A run's files: the `results` of a folder, and the names of inputs, as provenance has them, that name nobody."""

    folder: Path
    results: Sequence[Path]
    origins: Collection[str]


def build_crate(
    release: DataRelease, run: RunFiles, provenance: RunProvenance, date: str, code: Path, out: Path
) -> None:
    """Makes a crate in place of the folder `out`; its title, authors, description and licence are the release's.

    `date` is that of publication, which a crate must have; `code` is the checkout of the workflow.
    """
    with whole_folder(out) as partial:
        for name in _CODE:
            if (code / name).is_dir():
                shutil.copytree(code / name, partial / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        _crate(release, run, publishable(provenance, run.origins), date, code).write(partial)


def publishable(provenance: RunProvenance, origins: Collection[str]) -> RunProvenance:
    """What a run rests on, without servers; the sheets of people, whose names name them, stand under numbers."""
    inputs: dict[str, str] = {}
    for name, checksum in provenance["inputs"].items():
        path = PurePosixPath(name)
        number = sum(PurePosixPath(other).parent == path.parent for other in inputs) + 1
        inputs[name if name in origins else str(path.with_name(f"sheet-{number}{path.suffix}"))] = checksum
    return {**without_servers(provenance), "inputs": inputs}


def _crate(release: DataRelease, run: RunFiles, provenance: RunProvenance, date: str, code: Path) -> ROCrate:
    crate = ROCrate(version="1.1")  # the one that version 0.5 of the profile is of
    crate.metadata.extra_contexts.append(_CONTEXT)
    workflow = _workflow(crate, provenance, code)
    config = _text(crate, "config.yaml", _yaml(provenance["config"]), "the configuration, after defaults")
    inputs = [_input(crate, name, checksum) for name, checksum in sorted(provenance["inputs"].items())]
    results = [_file(crate, f"results/{path.relative_to(run.folder).as_posix()}", path) for path in sorted(run.results)]
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=[config, *inputs],
        result=results,
        properties={"name": f"The run of {release.title}", "description": "snakemake --cores all, with config.yaml"},
    )
    told = _text(crate, "provenance.json", _json(provenance), "what the run rests on: code, packages, inputs, models")
    told["about"] = action
    readme = _text(crate, "README.md", _readme(release), "what is in this crate")
    readme["about"] = crate.root_dataset
    _root(crate, release, date)["mentions"] = action
    return crate


def _root(crate: ROCrate, release: DataRelease, date: str) -> Any:
    root = crate.root_dataset
    root["name"] = release.title
    root["description"] = release.description or release.title
    root["version"] = release.version
    root["datePublished"] = date
    root["license"] = _licence(crate, release.licence)
    for number, author in enumerate(release.authors, 1):
        name = f"https://orcid.org/{author.orcid}" if author.orcid else f"#author-{number}"
        root.append_to("author", crate.add(Person(crate, name, {"name": author.name})), compact=True)
    if release.homepage:
        root["url"] = release.homepage
    for profile, name in _PROFILES.items():
        properties = {"@type": "CreativeWork", "name": name, "version": profile.rpartition("/")[2]}
        root.append_to("conformsTo", crate.add(ContextEntity(crate, profile, properties)))
    return root


def _workflow(crate: ROCrate, provenance: RunProvenance, code: Path) -> Any:
    """The Snakefile, and beside it all that it needs."""
    version = provenance["packages"].get("snakemake")
    workflow = crate.add_workflow(code / "Snakefile", "Snakefile", main=True, lang="snakemake", lang_version=version)
    cited = yaml.safe_load((code / "CITATION.cff").read_text(encoding="utf-8"))
    workflow["name"] = cited["title"]
    workflow["version"] = provenance["code"]["commit"] or cited["version"]
    workflow["encodingFormat"] = "text/plain"
    workflow["sha256"] = file_sha256(code / "Snakefile")
    workflow["license"] = _licence(crate, cited["license"])
    parts = []
    for name, what in _CODE.items():
        if (code / name).is_dir():
            parts.append(crate.add_dataset(dest_path=name, properties={"name": name, "description": what}))
        elif (code / name).is_file():
            parts.append(_file(crate, name, code / name, what))
    workflow["hasPart"] = parts
    return workflow


def _file(crate: ROCrate, name: str, source: Path, what: str = "") -> Any:
    found = {"name": name, "sha256": file_sha256(source), **_described(name, what)}
    return crate.add_file(source, name, properties=found, record_size=True)


def _text(crate: ROCrate, name: str, text: str, what: str) -> Any:
    found = {"name": name, "sha256": hashlib.sha256(text.encode()).hexdigest(), **_described(name, what)}
    return crate.add_file(StringIO(text), name, properties=found, record_size=True)


def _described(name: str, what: str) -> dict[str, str]:
    kind = _FORMATS.get(PurePosixPath(name).suffix, "text/plain")
    return {"encodingFormat": kind, **({"description": what} if what else {})}


def _input(crate: ROCrate, name: str, checksum: str) -> Any:
    """A file that is not in the crate, and so none of its data."""
    properties = {"@type": "CreativeWork", "name": name, "sha256": checksum}
    return crate.add(ContextEntity(crate, f"#input/{quote(name)}", properties))


def _licence(crate: ROCrate, licence: str) -> Any:
    properties = {"@type": "CreativeWork", "name": licence, "identifier": licence_url(licence)}
    return crate.get(licence_url(licence)) or crate.add(ContextEntity(crate, licence_url(licence), properties))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


def _readme(release: DataRelease) -> str:
    about = f"{release.description}\n\n" if release.description else ""
    return (
        f"# {release.title}\n\n{about}"
        "A run of a workflow: `results/` is what came out, the `Snakefile` and what stands beside it made it from"
        f" `config.yaml`, and `provenance.json` says what it rests on. `{METADATA}` describes all of it"
        " (https://w3id.org/ro/wfrun/workflow/0.5). The data that went in are not here, but their checksums are; the"
        " addresses of servers were left out of `config.yaml`.\n"
    )
