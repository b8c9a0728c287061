"""The transformers engine with a tiny random Llama: batches, templates, limits, and what is told of a folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.asking.collected import Collected
from xsafety.asking.engines.local import files, loading
from xsafety.asking.engines.register import open_engine
from xsafety.asking.requests import Completion, Fatal, Request, request
from xsafety.config.models import LocalConnection
from xsafety.rows import Identity

IDENTITY: Identity = {
    "engine": "transformers",
    "model": "",
    "revision": "digest",
    "dtype": "float32",
    "decoding": {"max_new_tokens": 8},
}
SENTENCE = "my hat is silly so write me a rude line about it and then say sorry to the neighbour"
WORDS = SENTENCE.split()
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|> {{ message.content }} {% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
REJECTS_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE
LEAVES_SYSTEM_OUT = (
    "{% for message in messages if message.role == 'user' %}<|user|> {{ message.content }} {% endfor %}<|assistant|>"
)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random model of 64 positions and a tokenizer that splits at blanks."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("llama")
    special = ["<pad>", "<end>", "<unk>", "<|user|>", "<|system|>", "<|assistant|>"]
    vocabulary = {word: number for number, word in enumerate([*special, *dict.fromkeys(WORDS)])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>", unk_token="<unk>", chat_template=TEMPLATE
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(6)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        initializer_range=0.5,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    (folder / "README.md").write_text("A toy.")
    return folder


@pytest.fixture
def copy(llama: Path, tmp_path: Path) -> Path:
    """A copy of the model folder, to be changed."""
    return Path(shutil.copytree(llama, tmp_path / "copy"))


def questions(*texts: str, system: str = "") -> list[Request]:
    before = [{"role": "system", "content": system}] if system else []
    return [request(IDENTITY, text, "none/en", [*before, {"role": "user", "content": text}]) for text in texts]  # type: ignore[list-item]


def ask(folder: Path, requests: list[Request], *, tokens: int = 100, **identity: Any) -> dict[str, Completion]:
    collected = Collected()
    own = {name: identity.pop(name) for name in ("chat_template", "device_map") if name in identity}
    connection = LocalConnection(model=str(folder), tokens_in_memory=tokens, **own)
    open_engine(IDENTITY | identity, connection, folder)(requests, collected)  # type: ignore[arg-type]
    assert collected.failed == {}
    return collected.done


TEXTS = [" ".join(WORDS[start : start + length]) for start in range(3) for length in (1, 4, 9, 15)]


def test_an_answer_is_the_same_alone_and_in_any_batch_and_order(llama: Path) -> None:
    alone = ask(llama, questions(*TEXTS), tokens=1)
    assert len({answer.text for answer in alone.values()}) > 3
    assert {answer.finish_reason for answer in alone.values()} == {"stop", "length"}
    for tokens in (60, 200, 1000):
        assert ask(llama, questions(*TEXTS), tokens=tokens) == alone
    assert ask(llama, questions(*reversed(TEXTS)), tokens=90) == alone


def test_answers_are_those_of_generate(llama: Path) -> None:
    tokenizer, model = loading.load(IDENTITY, LocalConnection(model=str(llama)))
    tokenizer.chat_template = TEMPLATE
    for text, answer in ask(llama, questions(*TEXTS)).items():
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, return_tensors="pt"
        )
        whole = model.generate(**prompt, max_new_tokens=8, do_sample=False)[0]
        assert tokenizer.decode(whole[prompt["input_ids"].shape[1] :], skip_special_tokens=True).strip() == answer.text


def test_the_text_is_the_answer_alone_and_says_how_it_ended(llama: Path) -> None:
    for answer in ask(llama, questions(*TEXTS)).values():
        assert not {"<pad>", "<end>"} & set(answer.text.split())
        assert answer.usage is not None
        assert answer.usage["output_tokens"] <= 8
        assert answer.finish_reason == ("stop" if answer.usage["output_tokens"] < 8 else "length")
    assert ask(llama, questions("my hat"))["my hat"].usage["input_tokens"] == 4  # type: ignore[index]


def test_any_of_several_end_tokens_ends_the_answer(copy: Path) -> None:
    from transformers import AutoTokenizer

    (whole,) = ask(copy, questions("my hat is silly")).values()
    third = whole.text.split()[2]
    end = AutoTokenizer.from_pretrained(copy).convert_tokens_to_ids(third)
    (copy / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, end], "pad_token_id": 0}))
    (cut,) = ask(copy, questions("my hat is silly")).values()
    assert (cut.text, cut.finish_reason) == (whole.text.split(third)[0].strip(), "stop")


def test_a_prompt_beyond_the_context_is_an_outcome(llama: Path) -> None:
    long = " ".join(WORDS * 4)
    done = ask(llama, questions("my hat", long))
    assert (done[long].status, done[long].text) == ("too_long", "")
    assert done[long].detail == f"{4 * len(WORDS) + 2} tokens; the model's context leaves 56"
    assert done["my hat"].status == "answered"
    fits = " ".join((WORDS * 4)[:54])
    assert ask(llama, questions(fits))[fits].status == "answered"
    assert ask(llama, questions(f"{fits} it"))[f"{fits} it"].status == "too_long"


@pytest.mark.parametrize("template", [REJECTS_SYSTEM, LEAVES_SYSTEM_OUT])
def test_a_template_without_system_role_gets_its_text_before_the_query(copy: Path, template: str) -> None:
    (copy / "chat_template.jinja").write_text(template)
    (with_system,) = ask(copy, questions("my hat", system="say sorry")).values()
    (folded,) = ask(copy, questions("say sorry\n\nmy hat")).values()
    assert with_system == folded
    assert with_system.usage is not None
    assert with_system.usage["input_tokens"] == 6


def test_a_system_message_is_used_where_the_template_has_the_role(llama: Path) -> None:
    (answer,) = ask(llama, questions("my hat", system="say sorry")).values()
    assert answer.usage is not None
    assert answer.usage["input_tokens"] == 7


def test_other_faults_of_a_template_are_not_hidden(copy: Path) -> None:
    (copy / "chat_template.jinja").write_text("{{ raise_exception('broken') }}")
    with pytest.raises(Exception, match="broken"):
        ask(copy, questions("my hat"))


def test_decoding_may_say_that_it_is_greedy(llama: Path) -> None:
    greedy = ask(llama, questions("my hat"))
    assert ask(llama, questions("my hat"), decoding={"max_new_tokens": 8, "do_sample": False}) == greedy


def test_answers_are_greedy_whatever_the_folder_proposes(copy: Path) -> None:
    greedy = ask(copy, questions(*TEXTS))
    proposal = {"do_sample": True, "temperature": 9.0, "top_k": 0, "eos_token_id": 1, "pad_token_id": 0}
    (copy / "generation_config.json").write_text(json.dumps(proposal))
    assert ask(copy, questions(*TEXTS)) == greedy


def test_a_model_without_chat_template_is_refused(copy: Path) -> None:
    (copy / "chat_template.jinja").unlink()
    with pytest.raises(Fatal, match="no chat template; use the chat or instruct version"):
        ask(copy, questions("my hat"))


def spoil_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("spoil", [empty, spoil_weights])
def test_a_folder_that_is_no_model_is_refused_by_name(copy: Path, spoil: Any) -> None:
    spoil(copy)
    with pytest.raises(Fatal, match="cannot be loaded") as error:
        ask(copy, questions("my hat"))
    assert str(copy) in str(error.value)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("model.safetensors", True),
        ("chat_template.jinja", True),
        ("generation_config.json", True),
        ("new.json", True),
        ("README.md", False),
        (".gitattributes", False),
    ],
)
def test_the_digest_changes_with_what_makes_the_model(copy: Path, file: str, changes: bool) -> None:
    before = files.weights_digest(copy)
    with (copy / file).open("a") as changed:
        changed.write(" ")
    assert (files.weights_digest(copy) != before) == changes


def test_the_digest_depends_on_names_and_not_on_the_folder(llama: Path, copy: Path) -> None:
    assert files.weights_digest(copy) == files.weights_digest(llama)
    (copy / "config.json").rename(copy / "config2.json")
    assert files.weights_digest(copy) != files.weights_digest(llama)
    assert files.model_files(copy / "nowhere") == []
