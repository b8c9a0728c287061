"""Tiny checkpoints of the families that translate: random weights, and a sentencepiece model that is trained here."""

import json
from pathlib import Path
from typing import Any

TEXT = """My hat is silly. Write a rude line about the neighbour.
Mon chapeau est ridicule. Écris une ligne sur le voisin.
我的帽子很傻。写一句话。 Mein Hut ist albern.
When it rains: open an umbrella, or run on wet tiles. Say sorry to the neighbour!
"""
OF_BART = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": 64,
    "init_std": 0.6,
}


def checkpoint(family: str, folder: Path) -> Path:
    """A checkpoint of a family; those with tokens for languages know English, French and Chinese."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(6)
    model, tokenizer = _MADE[family.partition("-")[0]](folder, family)
    model.save_pretrained(folder / family)
    tokenizer.save_pretrained(folder / family)
    return folder / family


def _pieces(folder: Path, **options: Any) -> dict[str, float]:
    """Trains `spm.model`; its pieces by id, with their scores."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines() * 20),
        model_prefix=str(folder / "spm"),
        vocab_size=160,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    found = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    return {found.id_to_piece(number): found.get_score(number) for number in range(len(found))}


def _vocabulary(folder: Path, *more: str) -> int:
    words = [*_pieces(folder, pad_id=0, eos_id=1, unk_id=2, bos_id=-1), *more]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    return len(words)


def _marian(folder: Path, family: str) -> tuple[Any, Any]:
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    pair = family == "marian-pair"
    size = _vocabulary(folder, *([] if pair else [">>fra<<", ">>cmn_Hans<<"]))
    spm, target = str(folder / "spm.model"), "fr" if pair else "mul"
    tokenizer = MarianTokenizer(spm, spm, str(folder / "vocab.json"), source_lang="en", target_lang=target)
    config = MarianConfig(vocab_size=size, **OF_BART, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
    return MarianMTModel(config), tokenizer


def _m2m100(folder: Path, family: str) -> tuple[Any, Any]:
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    size = _vocabulary(folder)
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "spm.model"))
    size += len(tokenizer.lang_token_to_id)
    config = M2M100Config(vocab_size=size, **OF_BART, pad_token_id=0, eos_token_id=1, decoder_start_token_id=1)
    return M2M100ForConditionalGeneration(config), tokenizer


def _nllb(folder: Path, family: str) -> tuple[Any, Any]:
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    options = {"model_type": "bpe", "bos_id": 0, "pad_id": 1, "eos_id": 2, "unk_id": 3}
    vocabulary = {piece: number for number, piece in enumerate(_pieces(folder, **options))}
    merges = [
        (piece[:cut], piece[cut:])
        for piece in vocabulary
        for cut in range(1, len(piece))
        if {piece[:cut], piece[cut:]} <= vocabulary.keys()
    ]
    codes = ["eng_Latn", "fra_Latn", "zho_Hans"]
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=merges, extra_special_tokens=codes)
    config = M2M100Config(
        vocab_size=len(tokenizer), **OF_BART, bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2
    )
    return M2M100ForConditionalGeneration(config), tokenizer


def _madlad(folder: Path, family: str) -> tuple[Any, Any]:
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    languages = ["<2fr>", "<2zh>", "<2translate>"]
    pieces = _pieces(folder, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    tokenizer = T5Tokenizer(vocab=list(pieces.items()), extra_ids=0)
    tokenizer.add_tokens(languages)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        initializer_factor=3.0,
        decoder_start_token_id=0,
        tie_word_embeddings=False,
    )
    return T5ForConditionalGeneration(config), tokenizer


_MADE = {"marian": _marian, "m2m100": _m2m100, "nllb": _nllb, "madlad": _madlad}
