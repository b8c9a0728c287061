"""Tiny models with random weights and a tokenizer that splits at blanks."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
SPECIAL = ["<pad>", "<end>", "<unk>"]


def save_tokenizer(folder: Path, words: Iterable[str], template: str | None = None) -> int:
    """Saves a tokenizer that knows words; how many it knows. Line ends are words too."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(dict.fromkeys([*SPECIAL, "\n\n", *words]))}
    splits = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    blanks = pre_tokenizers.Split(Regex(r"[ \t]+|(?<!\n)\n(?!\n)"), "removed")
    splits.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split("\n\n", "isolated"), blanks])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=splits, pad_token="<pad>", eos_token="<end>", unk_token="<unk>", chat_template=template
    )
    tokenizer.save_pretrained(folder)
    return len(vocabulary)


def save_llama(folder: Path, words: Iterable[str], template: str, **config: Any) -> Path:
    """A chat model."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    size = save_tokenizer(folder, words, template)
    torch.manual_seed(6)
    options = {"initializer_range": 0.5, "pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1} | config
    LlamaForCausalLM(LlamaConfig(vocab_size=size, **SIZES, **options)).save_pretrained(folder)
    return folder


def save_classifier(folder: Path, words: Iterable[str], classes: list[str], **config: Any) -> Path:
    """An encoder with a head of classes."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    size = save_tokenizer(folder, words)
    torch.manual_seed(6)
    labels = {"id2label": dict(enumerate(classes)), "label2id": {name: place for place, name in enumerate(classes)}}
    options = {"initializer_range": 0.5, "max_position_embeddings": 32, "pad_token_id": 0} | config
    made = BertConfig(vocab_size=size, **SIZES, num_labels=len(classes), **labels, **options)
    BertForSequenceClassification(made).save_pretrained(folder)
    return folder
