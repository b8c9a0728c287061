"""What is told of a model by its folder's files; nothing is loaded."""

import hashlib
from functools import cache
from pathlib import Path

SAMPLES, SAMPLE_SIZE = 64, 65536


def model_files(folder: Path) -> list[Path]:
    """The files of a model folder that make it the model it is; model cards and hidden files do not."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix != ".md" and not p.name.startswith("."))


@cache
def fingerprint(folder: Path) -> str:
    """SHA-256 over names, sizes and samples of a model folder's files: quick enough to see a change at every start.

    Of each file 64 blocks of 64 KiB are read, spread evenly; small files whole.
    """
    total = hashlib.sha256()
    for path in model_files(folder):
        size = path.stat().st_size
        total.update(f"{path.name}\0{size}\n".encode())
        with path.open("rb") as file:
            for number in range(SAMPLES):
                file.seek(max(size - SAMPLE_SIZE, 0) * number // (SAMPLES - 1))
                total.update(file.read(SAMPLE_SIZE))
    return total.hexdigest()


def weights_digest(folder: Path) -> str:
    """SHA-256 over names and contents of a model folder's files."""
    total = hashlib.sha256()
    for path in model_files(folder):
        with path.open("rb") as file:
            total.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
