"""Decoding by ourselves, with tiny random models: what is drawn, where answers stop, caches of other kinds, memory."""

import functools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.asking.collected import Collected
from tests.asking.test_local_engine import IDENTITY, TEXTS, ask, llama, questions
from xsafety.asking.engines.local.generate import answer
from xsafety.asking.engines.local.loading import load
from xsafety.asking.requests import Completion, Fatal, Request
from xsafety.config.models import LocalConnection

__all__ = ["llama"]

SHAPE: dict[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 128,
    "initializer_range": 0.5,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": 1,
}


def mistral() -> Any:
    """Attention to the last 8 tokens only."""
    from transformers import MistralConfig, MistralForCausalLM

    return MistralForCausalLM(MistralConfig(**SHAPE, sliding_window=8))


def lfm() -> Any:
    """Layers of convolution, which keep a state and no token."""
    from transformers import Lfm2Config, Lfm2ForCausalLM

    return Lfm2ForCausalLM(Lfm2Config(**SHAPE, layer_types=["conv", "full_attention"]))


def decoder(model: Any, budget: int, **decoding: Any) -> Any:
    from xsafety.asking.engines.local.decoding import Decoder
    from xsafety.asking.engines.local.picking import Picker

    return Decoder(model, Picker(model, {"max_new_tokens": 12, **decoding}), budget, lambda answer: False)


def decode(decoding: Any, prompts: list[list[int]]) -> list[list[int]]:
    """The answers to prompts, in their order."""
    from xsafety.asking.engines.local.rows import DecodedRow

    rows = [DecodedRow(Request(str(number), str(number), "none/en", []), ids) for number, ids in enumerate(prompts)]
    done = {int(row.request.id): row.answer for row in decoding.decode(rows)}
    return [done[number] for number in range(len(prompts))]


def prompts(number: int) -> list[list[int]]:
    draw = random.Random(5)
    return [[draw.randrange(2, 25) for _ in range(draw.randrange(1, 20))] for _ in range(number)]


@pytest.mark.parametrize("make", [mistral, lfm])
def test_other_caches_give_the_answers_of_generate(make: Any) -> None:
    import torch

    torch.manual_seed(4)
    model, asked = make().eval(), prompts(12)
    expected = []
    for ids in asked:
        [whole] = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=12, do_sample=False
        ).tolist()
        answer = whole[len(ids) :]
        expected.append(answer[: answer.index(1)] if 1 in answer else answer)
    assert len({len(answer) for answer in expected}) > 1
    for budget in (40, 150):
        assert decode(decoder(model, budget), asked) == expected


@pytest.fixture(scope="module")
def model(llama: Path) -> Any:
    return load(IDENTITY, LocalConnection(model=str(llama)))[1]


def shortsighted(model: Any, monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Lets a model run out of memory with more than `most` tokens; the list has what was tried."""
    import torch

    whole, tried = model.forward, []

    @functools.wraps(whole)
    def forward(*args: Any, **kwargs: Any) -> Any:
        tried.append(kwargs["attention_mask"].numel())
        if tried[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return whole(*args, **kwargs)

    monkeypatch.setattr(model, "forward", forward)
    return tried


def test_where_memory_runs_out_fewer_are_decoded_and_nothing_is_lost(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [ids[:8] for ids in prompts(30)]
    expected = decode(decoder(model, 300), asked)
    tried = shortsighted(model, monkeypatch, 120)
    short = decoder(model, 1000)
    assert decode(short, asked) == expected
    assert short.spent.shortages >= 1
    assert sum(tokens > 120 for tokens in tried) == short.spent.shortages < 6


def test_the_budget_grows_again(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        shortsighted(model, patch, 20)
        short = decoder(model, 1000)
        decode(short, [ids[:4] for ids in prompts(6)])
        low = short.budget
    decode(short, [ids[:4] for ids in prompts(6)])
    assert low < short.budget < 1000


def test_a_row_without_room_fails_alone(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from xsafety.asking.engines.local.rows import DecodedRow

    shortsighted(model, monkeypatch, 24)
    asked = [DecodedRow(Request(str(size), str(size), "none/en", []), [3] * size) for size in (30, 4)]
    done = {row.request.id: row for row in decoder(model, 1000).decode(asked)}
    assert done["30"].failure == "out of memory with this row alone, at 30 tokens"
    assert (done["4"].failure, done["4"].done) == ("", True)


def test_other_faults_are_not_taken_for_lack_of_memory(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "forward", lambda **_: (_ for _ in ()).throw(RuntimeError("shapes do not match")))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        decode(decoder(model, 100), [[2]])


DRAWN = {"max_new_tokens": 8, "do_sample": True, "temperature": 1.5}


def test_what_is_drawn_depends_on_the_row_alone(llama: Path) -> None:
    alone = ask(llama, questions(*TEXTS), tokens=1, decoding=DRAWN)
    assert ask(llama, questions(*reversed(TEXTS)), tokens=150, decoding=DRAWN) == alone
    assert [answer.text for answer in alone.values()] != [a.text for a in ask(llama, questions(*TEXTS)).values()]


def test_several_answers_to_a_row(llama: Path) -> None:
    one = ask(llama, questions(*TEXTS), decoding=DRAWN)
    three = ask(llama, questions(*TEXTS), decoding={**DRAWN, "n": 3})
    for text, first in three.items():
        assert first.text == one[text].text
        assert len(first.more) == 2
    assert any(len({answer.text, *(other.text for other in answer.more)}) == 3 for answer in three.values())
    long = ask(llama, questions(" ".join(TEXTS)), decoding={**DRAWN, "n": 3})
    assert [a.status for answer in long.values() for a in (answer, *answer.more)] == ["too_long"] * 3


def test_shares_of_what_is_drawn_are_those_of_the_model(model: Any) -> None:
    import torch

    from xsafety.asking.engines.local.picking import Picker
    from xsafety.asking.engines.local.rows import DecodedRow

    picker = Picker(model, {"do_sample": True, "top_k": 3})
    scores = torch.tensor([[0.0, 1.0, 2.0, -1.0, -5.0]]).repeat(4000, 1)
    drawn = picker.pick(scores, [DecodedRow(Request(str(key), "", "", []), []) for key in range(4000)])
    shares = torch.bincount(torch.tensor(drawn), minlength=5) / 4000
    assert shares == pytest.approx(torch.tensor([0.09, 0.2447, 0.6652, 0, 0]), abs=0.02)


def test_an_answer_stops_before_a_text(llama: Path) -> None:
    whole = ask(llama, questions(*TEXTS))
    stops = ["hat", "silly so"]
    cut = ask(llama, questions(*TEXTS), decoding={"max_new_tokens": 8, "stop_strings": stops})
    assert any(answer != whole[text] for text, one in cut.items())
    for text, one in cut.items():
        expected = min((whole[text].text.partition(stop)[0] for stop in stops), key=len).strip()
        assert (one.text, one.finish_reason == "stop") == (
            expected,
            expected != whole[text].text or whole[text].finish_reason == "stop",
        )


def test_a_penalty_sees_the_rows_own_tokens_and_no_padding(llama: Path) -> None:
    decoding = {"max_new_tokens": 8, "repetition_penalty": 1.8}
    alone = ask(llama, questions(*TEXTS), tokens=1, decoding=decoding)
    assert ask(llama, questions(*TEXTS), tokens=200, decoding=decoding) == alone
    assert alone != ask(llama, questions(*TEXTS))


@pytest.mark.parametrize(
    ("decoding", "told"),
    [
        ({"max_tokens": 8}, "decoding: max_tokens is no setting of generation"),
        ({"num_beams": 2}, "decoding: these settings ask for beam_search"),
    ],
)
def test_settings_that_do_not_hold_are_told(llama: Path, decoding: dict[str, Any], told: str) -> None:
    with pytest.raises(Fatal, match=told):
        ask(llama, questions("my hat"), decoding=decoding)


def test_prompts_are_read_in_a_stream_and_answers_come_as_rows_end(llama: Path) -> None:
    taken, when = [], []

    class Watching(Collected):
        def deliver(self, request: Request, completion: Completion) -> None:
            when.append(len(taken))
            super().deliver(request, completion)

    def stream() -> Iterator[Request]:
        for one in questions(*TEXTS):
            taken.append(one)
            yield one

    connection = LocalConnection(model=str(llama), tokens_in_memory=20)
    watching = Watching()
    answer(load(IDENTITY, connection), stream(), watching, identity=IDENTITY, connection=connection, window=3)
    assert watching.done == ask(llama, questions(*TEXTS))
    assert when == sorted(when)
    assert (when[0], when[-1]) == (3, len(TEXTS))
