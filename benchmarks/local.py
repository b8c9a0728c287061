"""How fast a model in process answers: this project's engine beside `generate`, `pipeline` and lm-eval's hf backend.

The model is a Llama of random weights, made on the spot with a tokenizer trained on the queries; its end token's scores
are spread wider than those of others, so that answers are of very different lengths. The
queries are those of the XSafety release where a clone lies in ../shared/xsafety, else the demo's. Each contender is a
process of its own; they take turns, one part of the queries after the other, so that other load falls on all alike.
One by one is slow and gets a share of the queries. On a GPU each is started for its turn, as memory is not for all.

Told are answers and generated tokens per second, how many times as many tokens this engine generates, by the clock
and by the process's own CPU time, which other load hardly changes; its largest memory; and which share of the token
positions that the model computed was padding, read twice or past a row's end.

On a GPU: python -m benchmarks.local --device cuda --size 7b --dtype bfloat16 --rows 1024 --rounds 1
"""

import argparse
import importlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RELEASE = ROOT.parent / "shared" / "xsafety"
END_SPREAD = 1.6  # of the end token's scores, in those of others: about 1 answer in 107 ends at a token
BATCH = 32  # rows, of contenders that take a number of rows
SHARE_ONE_BY_ONE = 16  # every so many queries
TEMPLATE = "{% for message in messages %}<|user|>{{ message.content }}{% endfor %}<|assistant|>"
SIZES: dict[str, dict[str, int]] = {
    "1m": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2},
    "11m": {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 8, "num_attention_heads": 4},
    "20m": {"hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 8, "num_attention_heads": 6},
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32},
}
VOCABULARY = 8192
H100 = 3.35e12  # bytes per second that its memory is read at


def queries(rows: int) -> list[str]:
    """Real queries in ten languages, or the demo's, in an order that mixes them."""
    if RELEASE.is_dir():
        from xsafety.seeds.release import read_release

        release = read_release(RELEASE)
        texts = [seed["text"] for seed in release.seeds]
        texts += [text for targets in release.translations.values() for text in targets.values()]
    else:
        import csv

        paths = sorted((ROOT / "data/seeds").glob("*.csv")) + sorted((ROOT / "data/memory").glob("*.csv"))
        found = [list(csv.DictReader(path.open(encoding="utf-8"))) for path in paths]
        texts = [row.get("text") or row.get("draft") or "" for each in found for row in each]
    texts = [text for text in texts if text.strip()]
    random.Random(1).shuffle(texts)
    return [texts[number % len(texts)] for number in range(rows)]


def make(folder: Path, texts: Sequence[str], size: str, dtype: str, device: str) -> None:
    """Saves the model and its tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer, words.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<pad>", "<end>", "<|user|>", "<|assistant|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    words.train_from_iterator(texts, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>", chat_template=TEMPLATE, padding_side="left"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=4096,
        initializer_range=0.05 if size == "7b" else 0.1,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
        **SIZES[size],
    )
    with torch.device(device):
        model = LlamaForCausalLM._from_config(config, dtype=getattr(torch, dtype))
    with torch.no_grad():
        model.lm_head.weight[1] *= END_SPREAD
    model.save_pretrained(folder)


@dataclass
class Counted:
    """What a model computed: positions of tokens, passes, and keys and values that passes read."""

    positions: int = 0
    passes: int = 0
    columns: int = 0


def counted(model: Any) -> Counted:
    """Counts from now on what a model computes."""
    found, whole = Counted(), model.forward

    def count(module: Any, given: Any, named: dict[str, Any]) -> None:
        ids = named.get("input_ids", given[0] if given else None)
        if ids is not None:
            before = getattr(named.get("past_key_values"), "get_seq_length", lambda: 0)()
            found.positions += ids.numel()
            found.passes += 1
            found.columns += ids.shape[0] * (before + ids.shape[1])

    model.register_forward_pre_hook(count, with_kwargs=True)
    assert model.forward == whole
    return found


@dataclass
class Loaded:
    """A model, how it is asked, and what it computed."""

    folder: Path
    tokenizer: Any
    model: Any
    limit: int
    counted: Counted = field(default_factory=Counted)
    lengths: list[int] = field(default_factory=list)  # tokens of the last answers, as far as a contender tells them


# A contender is given a model, and gives what answers prompts by their texts.
Answering = Callable[[list[str]], list[str]]


def _generated(loaded: Loaded, prompts: list[str]) -> list[str]:
    """A batch by `generate`, padded on the left."""
    padded = loaded.tokenizer(prompts, add_special_tokens=False, padding=True, return_tensors="pt").to(
        loaded.model.device
    )
    output = loaded.model.generate(**padded, max_new_tokens=loaded.limit, do_sample=False)
    answers = output[:, padded["input_ids"].shape[1] :]
    return [str(text) for text in loaded.tokenizer.batch_decode(answers, skip_special_tokens=True)]


def one_by_one(loaded: Loaded) -> Answering:
    return lambda prompts: [_generated(loaded, [prompt])[0] for prompt in prompts]


def fixed(loaded: Loaded) -> Answering:
    """Batches of a fixed number of rows, sorted by length, each until its last row ends."""

    def answering(prompts: list[str]) -> list[str]:
        lengths = [len(ids) for ids in loaded.tokenizer(prompts, add_special_tokens=False)["input_ids"]]
        order = sorted(range(len(prompts)), key=lambda place: -lengths[place])
        answers = dict[int, str]()
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            texts = _generated(loaded, [prompts[place] for place in places])
            answers |= dict(zip(places, texts, strict=True))
        return [answers[place] for place in range(len(prompts))]

    return answering


def ours(loaded: Loaded) -> Answering:
    from xsafety.asking.engines.local.generate import answer
    from xsafety.asking.requests import Completion, Meter, Request
    from xsafety.config.models import LocalConnection
    from xsafety.rows import Identity

    class Recipient:
        meter = Meter()

        def __init__(self) -> None:
            self.answers, self.lengths = dict[int, str](), dict[int, int]()

        def deliver(self, request: Request, completion: Completion) -> None:
            self.answers[int(request.id)] = completion.text
            self.lengths[int(request.id)] = (completion.usage or {})["output_tokens"]

        def withdraw(self, request: Request) -> None:
            del self.answers[int(request.id)]

        def fail(self, request: Request, reason: str) -> None:
            raise RuntimeError(reason)

    identity: Identity = {"engine": "transformers", "decoding": {"max_new_tokens": loaded.limit}}
    connection = LocalConnection(model=str(loaded.folder))

    def answering(prompts: list[str]) -> list[str]:
        recipient = Recipient()
        requests = [
            Request(
                str(place),
                str(place),
                "",
                [{"role": "user", "content": text.removeprefix("<|user|>").removesuffix("<|assistant|>")}],
            )
            for place, text in enumerate(prompts)
        ]
        pair = (loaded.tokenizer, loaded.model)
        answer(pair, requests, recipient, identity=identity, connection=connection)
        loaded.lengths = [recipient.lengths[place] for place in range(len(prompts))]
        return [recipient.answers[place] for place in range(len(prompts))]

    return answering


def pipeline(loaded: Loaded) -> Answering:
    """transformers.pipeline, in batches of a fixed number of rows."""
    import transformers

    pipe = transformers.pipeline(
        "text-generation", model=loaded.model, tokenizer=loaded.tokenizer, batch_size=BATCH, return_full_text=False
    )

    def answering(prompts: list[str]) -> list[str]:
        found = pipe(prompts, max_new_tokens=loaded.limit, do_sample=False, add_special_tokens=False)
        return [each[0]["generated_text"] for each in found]

    return answering


def lm_eval(loaded: Loaded) -> Answering:
    """lm-eval's hf backend, in batches of a fixed number of rows, which it sorts by length."""
    hf = importlib.import_module("lm_eval.models.huggingface")
    instance = importlib.import_module("lm_eval.api.instance").Instance
    backend = hf.HFLM(
        pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=BATCH, max_length=4096, add_bos_token=False
    )

    def answering(prompts: list[str]) -> list[str]:
        settings = {"until": ["<end>"], "max_gen_toks": loaded.limit, "do_sample": False}
        asked = [
            instance(request_type="generate_until", doc={}, arguments=(text, dict(settings)), idx=place)
            for place, text in enumerate(prompts)
        ]
        return [str(text) for text in backend.generate_until(asked, disable_tqdm=True)]

    return answering


def continuous(loaded: Loaded) -> Answering:
    """transformers' own continuous batching, over pages of attention."""
    config = importlib.import_module("transformers").GenerationConfig(
        max_new_tokens=loaded.limit, do_sample=False, eos_token_id=1, pad_token_id=0
    )

    def answering(prompts: list[str]) -> list[str]:
        inputs = loaded.tokenizer(prompts, add_special_tokens=False)["input_ids"]
        found = loaded.model.generate_batch(inputs=inputs, generation_config=config, progress_bar=False)
        by_number = sorted(found.values(), key=lambda each: int(each.request_id.rpartition("_")[2]))
        return [loaded.tokenizer.decode(each.generated_tokens, skip_special_tokens=True) for each in by_number]

    return answering


def vllm(loaded: Loaded) -> Answering:
    module = importlib.import_module("vllm")
    engine = module.LLM(model=str(loaded.folder), max_model_len=4096)
    settings = module.SamplingParams(temperature=0, max_tokens=loaded.limit)
    return lambda prompts: [each.outputs[0].text for each in engine.generate(prompts, settings)]


ON_CPU: dict[str, Callable[[Loaded], Answering]] = {
    "one by one": one_by_one,
    "fixed batches": fixed,
    "pipeline": pipeline,
    "lm-eval": lm_eval,
    "ours": ours,
}
CONTENDERS = {**ON_CPU, "continuous": continuous, "vllm": vllm}


def serve(name: str, folder: Path, arguments: argparse.Namespace) -> None:
    """Answers parts of the queries, a line of JSON each, as a contender."""
    import torch

    from xsafety.asking.engines.local.loading import load
    from xsafety.config.models import LocalConnection

    out = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no result
    torch.set_num_threads(arguments.threads)
    tokenizer: Any
    if name == "vllm":
        tokenizer, model = None, None
    else:
        connection = LocalConnection(model=str(folder), device=arguments.device)
        tokenizer, model = load({"engine": "transformers", "dtype": arguments.dtype}, connection)
    loaded = Loaded(folder, tokenizer, model, arguments.max_new_tokens)
    try:
        answering = CONTENDERS[name](loaded)
    except ImportError as error:
        os.write(out, f"{json.dumps({'absent': str(error)})}\n".encode())
        return
    if model is not None:
        loaded.counted = counted(model)
    os.write(out, b"{}\n")
    for line in sys.stdin:
        before, began, busy = Counted(**vars(loaded.counted)), time.perf_counter(), time.process_time()
        answers = answering(json.loads(line))
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        spent = {name: value - getattr(before, name) for name, value in vars(loaded.counted).items()}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {"answers": answers, "lengths": loaded.lengths, "seconds": seconds, "cpu": cpu, "peak": peak, **spent}
        os.write(out, f"{json.dumps(told)}\n".encode())


@dataclass
class Measured:
    """What a contender took for its parts of the queries."""

    answers: dict[int, str] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    parts: list[Sequence[int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: float = 0
    spent: Counted = field(default_factory=Counted)

    def add(self, places: Sequence[int], told: dict[str, Any]) -> None:
        """Counts a part of the queries."""
        self.answers |= dict(zip(places, told["answers"], strict=True))
        self.lengths |= dict(zip(places, told["lengths"], strict=False))
        self.parts.append(places)
        self.seconds.append(told["seconds"])
        self.cpu.append(told["cpu"])
        self.peak = max(self.peak, told["peak"])
        for key in vars(self.spent):
            setattr(self.spent, key, getattr(self.spent, key) + told[key])


class Contender:
    """A process that answers parts of the queries; `absent`: why there is none."""

    def __init__(self, name: str, folder: Path, arguments: argparse.Namespace) -> None:
        python = arguments.harness_python if name == "lm-eval" else sys.executable
        given = [
            *("--serve", name, "--folder", str(folder), "--device", arguments.device, "--dtype", arguments.dtype),
            *("--max-new-tokens", str(arguments.max_new_tokens), "--threads", str(arguments.threads)),
        ]
        self._process: Any = subprocess.Popen(
            [python, "-m", "benchmarks.local", *given], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.absent = str(self._told().get("absent", ""))

    def _told(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"absent": "its process ended; see its last lines above"}

    def answer(self, prompts: Sequence[str]) -> dict[str, Any]:
        """What it tells of its answers; with `absent`, why there are none."""
        if self.absent:
            return {"absent": self.absent}
        self._process.stdin.write(f"{json.dumps(prompts)}\n".encode())
        self._process.stdin.flush()
        told = self._told()
        self.absent = str(told.get("absent", ""))
        return told

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def measure(arguments: argparse.Namespace, prompts: list[str], folder: Path) -> dict[str, Measured]:
    """Lets the contenders take turns. On a GPU, whose memory is not for all, each is started for its turn."""
    on_gpu = arguments.device.startswith("cuda")
    names = list(arguments.only or (CONTENDERS if on_gpu else ON_CPU))
    running = {} if on_gpu else {name: Contender(name, folder, arguments) for name in names}
    measured = {name: Measured() for name in names}
    parts = [range(part, len(prompts), arguments.rounds) for part in range(arguments.rounds)]
    for number, part in enumerate(parts):
        for name in [*names[number % len(names) :], *names[: number % len(names)]]:
            contender = running.get(name) or Contender(name, folder, arguments)
            places = list(part)[:: SHARE_ONE_BY_ONE if name == "one by one" else 1]
            told = contender.answer([prompts[place] for place in places])
            if on_gpu:
                contender.end()
            if "absent" in told:
                print(f"{name} is left out: {told['absent']}", file=sys.stderr)
                measured.pop(name, None)
            elif name in measured:
                print(f"round {number + 1}, {name}: {len(places) / told['seconds']:.2f}/s", file=sys.stderr, flush=True)
                measured[name].add(places, told)
    for contender in running.values():
        contender.end()
    return measured


def table(measured: dict[str, Measured], prompts: list[str], folder: Path, arguments: argparse.Namespace) -> str:
    """The measurements, a row for each contender; ratios are medians over the rounds."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)

    asked = [len(ids) for ids in tokenizer(prompts, add_special_tokens=False)["input_ids"]]
    ours = measured["ours"]
    generated = ours.lengths  # a text of random tokens is encoded otherwise than it was generated

    def rates(one: Measured, kind: str) -> list[float]:
        """Generated tokens per second of each part: answers of a few queries may be shorter than those of all."""
        times: list[float] = getattr(one, kind)
        return [sum(map(generated.__getitem__, part)) / time for part, time in zip(one.parts, times, strict=True)]

    lines = [
        "| | answers/s | tokens/s | ours is faster by | by CPU time | peak MiB | computed for nothing | same answers |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, each in measured.items():
        ratios = [
            statistics.median(mine / other for mine, other in zip(rates(ours, kind), rates(each, kind), strict=True))
            for kind in ("seconds", "cpu")
        ]
        useful = sum(asked[place] + generated[place] for place in each.answers)
        waste = f"{1 - useful / each.spent.positions:.0%}" if each.spent.positions else "-"
        same = sum(text.strip() == ours.answers[place].strip() for place, text in each.answers.items())
        seconds = sum(each.seconds)
        per_second = sum(generated[place] for place in each.answers) / seconds
        lines.append(
            f"| {name} | {len(each.answers) / seconds:.2f} | {per_second:,.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} | "
            f"{each.peak:,.0f} | {waste} | {same} of {len(each.answers)} |"
        )
    lengths = sorted(generated.values())
    lines += [
        "",
        f"{len(prompts)} queries of {statistics.mean(asked):.0f} tokens on average (longest {max(asked)}); answers of "
        f"{statistics.mean(lengths):.0f} (median {statistics.median(lengths):.0f}, at most {arguments.max_new_tokens}, "
        f"reached by {sum(length >= arguments.max_new_tokens for length in lengths) / len(lengths):.0%}).",
    ]
    if arguments.bandwidth or arguments.device.startswith("cuda"):
        lines.append(_of_bandwidth(measured, arguments))
    return "\n".join(lines)


def _of_bandwidth(measured: dict[str, Measured], arguments: argparse.Namespace) -> str:
    """The share of the device's memory bandwidth that reading weights, keys and values comes to."""
    shape, width = SIZES[arguments.size], {"float32": 4}.get(arguments.dtype, 2)
    hidden, layers = shape["hidden_size"], shape["num_hidden_layers"]
    weights = width * layers * (4 * hidden**2 + 3 * hidden * shape["intermediate_size"]) + width * VOCABULARY * hidden
    each, most = 2 * width * layers * hidden, arguments.bandwidth or H100
    shares = [
        f"{name} {(one.spent.passes * weights + one.spent.columns * each) / sum(one.seconds) / most:.0%}"
        for name, one in measured.items()
        if one.spent.columns
    ]
    return f"Of {most / 1e9:,.0f} GB/s: {', '.join(shares)}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2800)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--max-new-tokens", type=int, default=256)
    parser.add_argument("--size", choices=SIZES, default="11m")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bandwidth", type=float, help=f"bytes/s of the memory; on a GPU {H100:.3g}, of an H100")
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, help="these contenders; ours must be among them")
    parser.add_argument("--harness-python", default=sys.executable, help="a Python with lm-eval")
    parser.add_argument("--serve", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.folder, arguments)
        return
    texts = queries(arguments.rows)
    prompts = [f"<|user|>{text}<|assistant|>" for text in texts]
    with tempfile.TemporaryDirectory() as made:
        make(Path(made), texts, arguments.size, arguments.dtype, arguments.device)
        print(table(measure(arguments, prompts, Path(made)), prompts, Path(made), arguments))


if __name__ == "__main__":
    main()
