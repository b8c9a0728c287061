"""Devices and workers: no GPU for two jobs, one queue for all, nothing lost with a worker; what is told of a model."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.asking.collected import Collected
from tests.asking.test_local_engine import IDENTITY, TEXTS, ask, copy, llama, questions, spoil_weights
from tests.asking.tiny import save_classifier
from tests.conftest import ROOT
from xsafety.asking.ask import ask as ask_parts
from xsafety.asking.engines.local import workers
from xsafety.asking.engines.local.devices import gpus, lease
from xsafety.asking.engines.local.loading import load
from xsafety.asking.engines.register import open_engine
from xsafety.asking.journal import Journal, keys
from xsafety.asking.requests import Completion, Fatal, Request
from xsafety.config.models import LocalConnection
from xsafety.tabular import to_json

__all__ = ["copy", "llama"]

JOB = """
import os, sys
from xsafety.asking.ask import ask as ask_parts
from xsafety.asking.engines.local import workers
from xsafety.asking.engines.local.devices import lease
from xsafety.config.models import LocalConnection
with lease(LocalConnection(model="m", devices=int(sys.argv[1])), lambda line: print(line, flush=True)):
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.read()
"""


def job(folder: Path, devices: int) -> "subprocess.Popen[str]":
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "4,7", "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(devices)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_two_jobs_never_get_the_same_device_and_a_third_one_waits(tmp_path: Path) -> None:
    first, second = job(tmp_path, 1), job(tmp_path, 1)
    assert sorted([said(first), said(second)]) == ["4", "7"]
    third = job(tmp_path, 1)
    assert said(third) == "note: waits for 1 of 2 GPUs, which other jobs have"
    first.kill()
    first.wait()
    assert said(third) in ("4", "7")
    for process in (second, third):
        process.communicate("")
    both = job(tmp_path, 2)
    assert said(both) == "4,7"
    both.communicate("")


def test_more_devices_than_there_are_is_told() -> None:
    connection = LocalConnection(model="m", devices=3)
    with pytest.raises(Fatal, match="devices: 3, and there are 2 here"), lease(connection, print, ["0", "1"]):
        pass


@pytest.mark.parametrize(("chosen", "seen"), [("0,1", ["0", "1"]), ("", []), ("-1", []), ("GPU-ab", ["GPU-ab"])])
def test_what_a_cluster_gave_to_the_job_is_all_there_is(
    monkeypatch: pytest.MonkeyPatch, chosen: str, seen: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert gpus() == seen


class Killing(Collected):
    """Kills workers when the first answer comes."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def deliver(self, request: Request, completion: Completion) -> None:
        if not self.done:
            for worker in multiprocessing.active_children()[: self.number]:
                os.kill(worker.pid or 0, signal.SIGKILL)
        super().deliver(request, completion)


QUESTIONS = [f"{text} {word}" for text in TEXTS for word in ("hat", "line", "silly", "rude", "so", "my", "me", "it")]


def ask_workers(folder: Path, collected: Collected) -> None:
    connection = LocalConnection(model=str(folder), devices=2)
    open_engine(IDENTITY, connection, folder)(questions(*QUESTIONS), collected)


@pytest.mark.slow
def test_workers_share_a_queue_and_what_a_killed_one_had_is_answered_by_the_other(
    llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two processes that begin afresh, as on GPUs."""
    alone, collected = ask(llama, questions(*QUESTIONS), tokens=1000), Killing(1)
    ask_workers(llama, collected)
    assert (collected.done, collected.failed) == (alone, {})
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert re.fullmatch(r"note: worker \d was killed by SIGKILL; \d+ rows that it had go back to the queue", line)


def test_where_no_worker_is_left_the_job_ends_with_what_was_answered(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "STARTED_BY", "fork")  # torch need not be imported anew
    alone, collected = ask(llama, questions(*QUESTIONS), tokens=1000), Killing(2)
    with pytest.raises(Fatal, match="was killed by SIGKILL, and no worker is left"):
        ask_workers(llama, collected)
    assert collected.done
    assert all(alone[text] == answer for text, answer in collected.done.items())


@pytest.mark.parametrize(
    "more", [{"lead": "", "labels": ["hat", "line"]}, {"endpoint": "classifier", "labels": ["a", "b"]}]
)
def test_judges_have_workers_too(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object]
) -> None:
    monkeypatch.setattr(workers, "STARTED_BY", "fork")
    folder = save_classifier(tmp_path, " ".join(TEXTS).split(), ["a", "b"]) if "endpoint" in more else llama
    judge, found = {**IDENTITY, **more}, []
    for number in (1, 2):
        collected = Collected()
        connection = LocalConnection(model=str(folder), devices=number)
        open_engine(judge, connection, folder)(questions(*QUESTIONS), collected)  # type: ignore[arg-type]
        assert (len(collected.done), collected.failed) == (len(QUESTIONS), {})
        found.append({text: answer.text.partition(",")[0] for text, answer in collected.done.items()})
    assert found[0] == found[1]


def test_what_a_worker_cannot_load_ends_the_job_in_a_line(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "STARTED_BY", "fork")
    spoil_weights(copy)
    with pytest.raises(Fatal, match="cannot be loaded as a causal language model") as error:
        ask_workers(copy, Collected())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("devices", [1, 2])
def test_a_full_disk_ends_the_job_and_what_was_written_is_not_asked_again(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: int
) -> None:
    monkeypatch.setattr(workers, "STARTED_BY", "fork")
    connection = LocalConnection(model=str(llama), devices=devices)
    engine, said = open_engine(IDENTITY, connection, llama), list[str]()
    parts, append, written = {"none/en": lambda: questions(*QUESTIONS)}, Journal.append, list[str]()

    def appended(self: Journal, key: str, *answer: Any) -> None:
        if len(written) == 5:
            raise OSError("No space left on device")
        append(self, key, *answer)
        written.append(key)

    monkeypatch.setattr(Journal, "append", appended)
    with pytest.raises(OSError, match="No space left"):
        ask_parts(parts, tmp_path, engine, said.append, connection)
    monkeypatch.undo()
    monkeypatch.setattr(workers, "STARTED_BY", "fork")
    assert keys(tmp_path / "none/en.jsonl") == {*written}
    ask_parts(parts, tmp_path, engine, said.append, connection)
    assert f"{len(QUESTIONS)} rows, {len(QUESTIONS) - 5} to ask, the others are in the journal" in said
    assert len(keys(tmp_path / "none/en.jsonl")) == len(QUESTIONS)


def test_a_run_says_what_a_model_takes_before_it_loads(
    llama: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from xsafety.asking.engines.local import memory

    monkeypatch.setattr(memory, "free_bytes", lambda device: 10 << 20)
    connection = LocalConnection(model=str(llama), tokens_in_memory=1024)
    [line] = memory.needs(IDENTITY, connection, torch.device("cpu"))
    numbers = sum(parameter.numel() for parameter in load(IDENTITY, connection)[1].parameters())
    assert f"{numbers * 4 / 2**20:.1f} MiB in memory as float32; cpu has 10.0 MiB free" in line
    assert "1,024 tokens at a time take 0.5 MiB, about 4 rows of 256" in line
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    first, second = memory.needs(IDENTITY, connection, torch.device("cpu"))
    assert first.startswith("note: ")
    assert "will not fit on cpu; try dtype: bfloat16, quantisation, or device_map: auto" in second


CUT = ("model.safetensors", "tokenizer.json", "config.json")


def drop_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def cut(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return spoil


def lose_a_shard(folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="30KB")
    next(folder.glob("model-00002-*")).unlink()


def lose_a_weight(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def ask_for_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}
    (folder / "config.json").write_text(to_json(config))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (drop_tokenizer, "its tokenizer cannot be loaded: a file is missing, such as tokenizer.json"),
        *((cut(name), f"{name} is damaged, or was not fetched whole .*; fetch it again") for name in CUT),
        (lose_a_shard, r"No such file or directory: .*model-00002-of-0000\d\.safetensors"),
        (lose_a_weight, "its files lack 1 weights, such as model.layers.1.mlp.up_proj.weight"),
        (ask_for_code, "run only with trust_remote_code: true"),
    ],
)
def test_what_is_wrong_with_a_model_is_told_in_a_line(copy: Path, spoil: object, told: str) -> None:
    assert callable(spoil)
    spoil(copy)
    with pytest.raises(Fatal, match=told) as error:
        ask(copy, questions("my hat"))
    assert "\n" not in str(error.value)
    assert str(copy) in str(error.value)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"quantisation": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, "pip install"),
        ({"quantisation": {"quant_method": "gptq", "bits": 4}}, "pip install"),
        ({"quantisation": {"quant_method": "x"}}, "x"),
        ({"device_map": "auto"}, "pip install accelerate"),
        ({"device_map": "cpu"}, "pip install accelerate"),
    ],
)
def test_what_lacks_a_package_is_told_in_a_line(llama: Path, wanted: dict[str, Any], told: str) -> None:
    if find_spec("accelerate") and "device_map" in wanted:
        assert ask(llama, questions("my hat"), **wanted) == ask(llama, questions("my hat"))
        return
    with pytest.raises(Fatal, match=f"cannot be loaded as a causal language model: .*{told}") as error:
        ask(llama, questions("my hat"), **wanted)
    assert "\n" not in str(error.value)


def test_a_template_of_the_configuration_takes_the_place_of_the_models_own(llama: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.jinja"
    file.write_text("{% for message in messages %}<|user|> {{ message.content }} <|user|> {% endfor %}<|assistant|>")
    [answer] = ask(llama, questions("my hat"), chat_template=str(file)).values()
    assert answer.usage is not None
    assert answer.usage["input_tokens"] == 5
