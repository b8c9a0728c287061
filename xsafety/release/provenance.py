"""What a run rests on: its configuration, code, packages, inputs, models, judges and journal.

No time, no host, no folder of this machine and no secret is in it: the same run elsewhere rests on the same.
"""

import base64
import hashlib
import json
import re
import subprocess
import tomllib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version_tuple
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

from ..asking.journal import OF_FOLDERS
from ..asking.receipt import read_receipt
from ..rows import Identity
from ..tabular import file_sha256, to_json

if TYPE_CHECKING:  # pydantic takes time
    from ..config.configuration import Config


class Code(TypedDict):
    """The state of a checkout; nothing where it is none of git's."""

    commit: str | None
    changed: list[str]  # files that are not as in the commit


class DataProvenance(TypedDict):
    """What a data set rests on; checksums are SHA-256, paths are as configured, of absolute ones only the last part."""

    config: dict[str, object]
    code: Code
    python: str
    packages: dict[str, str]
    inputs: dict[str, str]  # path -> checksum


class AskedProvenance(TypedDict):
    """Who was asked in a run."""

    models: dict[str, Identity]
    judges: dict[str, Identity]
    protocols: dict[str, str]  # of judges -> checksum
    journal: dict[str, str]  # who was asked -> checksum of the answers, in whatever order they came


class RunProvenance(DataProvenance, AskedProvenance):
    """What a run rests on: `provenance.json`."""


DATA = {"languages", "dataset", "translation", "verification", "release"}  # of the configuration, what a data set is of
_SERVERS = {"endpoint", "server", "base_url", "same_as"}

Told = TypeVar("Told", bound=Mapping[str, Any])


def pack(config: "Config", keys: set[str] | None = None) -> str:
    """A configuration after defaults, or some `keys` of it, without the connection to a team's server.

    As a short text, since a command line may be no longer than 128 KiB.
    """
    without = {"verification": {"weblate"}}
    values = config.model_dump(mode="json", by_alias=True, include=keys, exclude=without)
    return base64.b64encode(zlib.compress(to_json(values).encode())).decode()


def unpack(packed: str) -> dict[str, object]:
    """The configuration that `pack` was given."""
    return cast(dict[str, object], json.loads(zlib.decompress(base64.b64decode(packed))))


def _git(checkout: Path, *arguments: str) -> str:
    """What git says of a checkout; nothing where there is no git, or it is none of git's."""
    try:
        command = ["git", "-C", str(checkout), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # no git on this machine
        return ""
    return done.stdout if done.returncode == 0 else ""


def code_state(checkout: Path) -> Code:
    """The commit of a checkout, and which of its files are changed."""
    top = _git(checkout, "rev-parse", "--show-toplevel").strip()
    if not top or Path(top).resolve() != checkout.resolve():
        return {"commit": None, "changed": []}
    changed = _git(checkout, "status", "--porcelain", "--untracked-files=no", "-z").split("\0")
    return {
        "commit": _git(checkout, "rev-parse", "HEAD").strip() or None,
        "changed": sorted(line[3:] for line in changed if line),
    }


def commit_date(checkout: Path, code: Code) -> str | None:
    """The day of a checkout's commit, as YYYY-MM-DD where it was made; nothing where there is none."""
    return _git(checkout, "show", "--no-patch", "--format=%cs", code["commit"]).strip() if code["commit"] else None


def packages(checkout: Path) -> dict[str, str]:
    """The versions here of what pyproject.toml names, without what says for which hardware they were built."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {}
    for line in project["dependencies"]:
        name = re.split(r"[\[=]", line)[0]
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:  # in this environment; another stage's has it
            continue
    return found


def journal_digests(journal: Path) -> dict[str, str]:
    """A checksum over the answers in each folder of the journal that a model, judge or translator has."""
    found: dict[str, list[bytes]] = {}
    for file in sorted(journal.glob("*/**/*.jsonl")):
        if file.name not in OF_FOLDERS and (stage := file.relative_to(journal).parts[0]) != "browser":
            name = "/".join(file.relative_to(journal).parts[: 2 if stage in ("responses", "verdicts") else 1])
            with file.open("rb") as lines:
                found.setdefault(name, []).extend(hashlib.sha256(line).digest() for line in lines)
    return {name: hashlib.sha256(b"".join(sorted(answers))).hexdigest() for name, answers in sorted(found.items())}


def portable(value: object, checkout: Path) -> object:
    """A value of the configuration, or a path, without the folders of this machine."""
    if isinstance(value, Mapping):
        return {key: portable(one, checkout) for key, one in value.items()}
    if isinstance(value, list):
        return [portable(one, checkout) for one in value]
    if not isinstance(value, str) or not Path(value).is_absolute():
        return value
    for root in (checkout, Path.cwd()):
        if Path(value).is_relative_to(root):
            return Path(value).relative_to(root).as_posix()
    return "/".join(("...", *Path(value).parts[-2:]))


def input_digests(files: Iterable[Path], checkout: Path) -> dict[str, str]:
    """The checksums of files, by their portable paths."""
    return {str(portable(str(file), checkout)): file_sha256(file) for file in sorted(files)}


def data_provenance(packed: str, code: Code, checkout: Path, inputs: Iterable[Path]) -> DataProvenance:
    """What a data set rests on: a packed configuration, the code and the files that it is made of."""
    return DataProvenance(
        config=cast(dict[str, object], portable(unpack(packed), checkout)),
        code=code,
        python=".".join(python_version_tuple()[:2]),
        packages=packages(checkout),
        inputs=input_digests(inputs, checkout),
    )


def asked_provenance(
    receipts: Mapping[str, Sequence[Path]],
    protocols: Mapping[str, str],
    checkout: Path,
    journal: Path,
) -> AskedProvenance:
    """Who was asked, by which protocol, and the answers; `receipts` are those of `models` and of `judges`."""
    whole: dict[str, object] = {
        **{kind: {path.stem: read_receipt(path)["identity"] for path in paths} for kind, paths in receipts.items()},
        "protocols": {judge: file_sha256(Path(path)) for judge, path in sorted(protocols.items())},
        "journal": journal_digests(journal),
    }
    return cast(AskedProvenance, portable(whole, checkout))


def without_servers(told: Told) -> Told:
    """What is told of a run, without the addresses of servers, which are their owners' own matter."""

    def kept(value: object) -> object:
        if isinstance(value, list):
            return [kept(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        # A model may have such a name.
        return {key: kept(one) for key, one in value.items() if key not in _SERVERS or isinstance(one, Mapping)}

    return cast(Told, kept(told))
