"""The keys of requests, pinned: another key asks and pays anew for answers that are in people's journals."""

from pathlib import Path

import pytest
import yaml

from xsafety.asking.engines.register import with_weights
from xsafety.categories import PAPER
from xsafety.config.configuration import Config, load
from xsafety.config.models import OpenAIJudge
from xsafety.generation.responses import model_requests
from xsafety.judging.verdicts import judge_requests
from xsafety.protocols import protocol as protocols
from xsafety.rows import TranslatorIdentity
from xsafety.translation.drafting import translation_requests

CONFIG = """
languages: [en, fr]
dataset: {seeds: seeds}
translation: {engine: openai, openai: {model: drafter, base_url: "http://x/v1", decoding: {max_tokens: 9}}}
promptings:
  none: {}
  system: {text: "Answer safely under {scenario}. ", placement: system}
  prefix: {text: "Under {scenario}:", placement: prefix}
models:
  api:
    {engine: openai, model: gpt, decoding: {temperature: 0, extra_body: {top_k: 1}}, price: {input: 1, output: 2}}
  local: {engine: transformers, model: toy, decoding: {max_new_tokens: 8}}
  hub: {engine: transformers, model: org/name, revision: abc, dtype: bfloat16}
judges:
  paper: {engine: openai, model: judge, prompt: "{query} {response} {scenario}"}
  guard: {engine: openai, model: guard, protocol: llama-guard, base_url: "http://x"}
  moderation: {engine: openai, model: omni, protocol: moderation}
"""
ROW = {
    "id": "a",
    "lang": "fr",
    "category": "insult",
    "source": "Hello",
    "query": "Bonjour নমস্কার",
    "sample": 1,
    "response": "Salut",
    "status": "answered",
    "finish_reason": "stop",
    "detail": "",
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/config.json").write_text("{}")
    return load(yaml.safe_load(CONFIG))


@pytest.mark.parametrize(
    ("model", "prompting", "key"),
    [
        ("api", "none", "b6584fe703c8051f195c71f32cd2d8e0298b6f6b135ccf32629a92b011590d16"),
        ("api", "system", "68544953e023e416f52a830bff2be332bcbb229bd39109207005f4e9474e68c4"),
        ("api", "prefix", "ba35b9b65c2f92549afa168933849becd60fd66fe158658440f6f203c976d91d"),
        ("local", "none", "7c760eb6f4deac7ab64abe50f14d054bf6763bcc6dedc5cc919b742a453e99a3"),
        ("local", "system", "2345a2ae929b96c7ee295f1a84248e94dc2b93d4e803bfe0b6a1b9756107845b"),
        ("local", "prefix", "20c7fcb9e0f97b71bf8ab28f191a25ec355f213c295cd0874363eb9fa8742894"),
        ("hub", "none", "6a18aa4f707c66cf5a81d7f025d859aabf0953a3937d7b08cc866961b2fe9267"),
        ("hub", "system", "55dc288ba87bc16d6a38577f4107c9c08a68fab730a47226ff4ae8da5344b601"),
        ("hub", "prefix", "86213a7852b7a13d9b1eaaa6e683c904dd9a704fd918886d5a00d151268cfbef"),
    ],
)
def test_keys_of_models(config: Config, model: str, prompting: str, key: str) -> None:
    block = config.models[model]
    identity = with_weights(block.identity(), block.connection())
    [request] = model_requests(identity, config.promptings[prompting], f"{prompting}/fr", [ROW], PAPER)
    assert request.key == key


@pytest.mark.parametrize(
    ("judge", "english", "key"),
    [
        ("paper", False, "9f60534bf21a93ec3eae6431832cd79b085839c83f4dbae20a00d5f293d857f6"),
        ("paper", True, "7cc2a021a77eb58ef69fc32bba9c3d37330169934adb20e627bb9e0e3b8d66f0"),
        ("guard", False, "09a8d70c260c08db3698bcec37922497a824870c2df14ad44ce3212914865ad8"),
        ("guard", True, "4e3265813457b53c43bef68497e305943201eb7a78e9063b511cd46fdf6ad0d4"),
        ("moderation", False, "ff1aba5ec3682f0682f538727cf9ad18535a4b0a710f66fc505996e680c3a3aa"),
        ("moderation", True, "c91e4ba27d92b3f36366a3b7f30f764cd81c53cd195d677aa5c3607f374c6ebb"),
    ],
)
def test_keys_of_judges(config: Config, judge: str, english: bool, key: str) -> None:
    block = config.judges[judge]
    assert isinstance(block, OpenAIJudge)
    protocol = protocols.load(block.protocol).with_prompt(block.prompt)
    translated = {"a": {"english": "Hi", "detail": "", "failed": False}} if english else None
    [request] = judge_requests(block.identity(), protocol, "api/none/fr", [ROW], translated, PAPER)
    assert request.key == key


def test_keys_of_translations(config: Config) -> None:
    [request] = translation_requests(config.translation.identity(), {"a": "Hello"}, "en", "fr", "fr")
    assert request.key == "148e6943a092befde3f3dab53f0a5b0be4bd8d438dfc202b4632c04290bf9785"
    google: TranslatorIdentity = {"engine": "google"}
    [request] = translation_requests(google, {"a": "Hello"}, "en", "fr", "fr")
    assert request.key == "53e1eff674748062be8c0a2a249f33345549443473297efb4bc3f0cafec499cc"
