"""Back-translation by Marian models: small ones made on the spot, with weights that no training ever touched."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from likewise.errors import InputError
from likewise.paraphrase.back_translation import Marian, build_back_translation

pytest.importorskip("torch", reason="needs torch")
pytest.importorskip("transformers", reason="needs transformers")

WORDS = ["<pad>", "</s>", "<unk>", "the", "dog", "cat", "barks", "sleeps", "a", "of", "and", "in"]
TEXTS = ["the dog barks", "a cat", "the", "dog and cat in the dog", "and of a cat sleeps", "in the cat"]


def write_model(folder, *, seed=0, word=None, tokenizer=None):
    """A model whose words depend on its text in a random way, or that repeats one word."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

    if tokenizer is None:
        plain = Tokenizer(models.WordLevel({word: id for id, word in enumerate(WORDS)}, unk_token="<unk>"))
        plain.pre_tokenizer = pre_tokenizers.Whitespace()
        plain.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=plain, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=12
        )
    tokenizer.save_pretrained(folder)
    config = MarianConfig(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=40,
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id, forced_eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = MarianMTModel(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(20)  # as initialised, every text has the same words
        model.final_logits_bias[0, :3] = -1e4  # nothing but words
        if word is not None:
            model.final_logits_bias[0, tokenizer.convert_tokens_to_ids(word)] = 1e4
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of its own mind."""
    return write_model(tmp_path_factory.mktemp("models") / "en-xx")


def plainly(folder, text):
    """The slow way: one text at a time, by transformers alone."""
    from transformers import AutoTokenizer, MarianMTModel

    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    longest = min(11, int(1.5 * given["input_ids"].shape[1]) + 10)
    model = MarianMTModel.from_pretrained(folder).eval()
    model.generation_config.max_length = None
    made = model.generate(**given, max_new_tokens=longest, num_beams=1, do_sample=False)
    return tokenizer.decode(made[0], skip_special_tokens=True)


def test_batches_give_what_one_text_alone_gives(folder):
    """Two ways that must agree, however the texts are batched; the texts differ, so no row took another's place."""
    expected = [plainly(folder, text) for text in TEXTS]
    assert len(set(expected)) > 2
    assert Marian(folder)(TEXTS) == expected
    assert Marian(folder, batch_tokens=9)(TEXTS) == expected
    assert Marian(folder)([]) == []


def test_texts_go_there_and_back(tmp_path):
    there, back = write_model(tmp_path / "en-xx", word="dog"), write_model(tmp_path / "xx-en", word="cat")
    translate = build_back_translation(f"{there} | {back}")
    found = translate(["the dog barks", "", "a " * 12, "12", "The dog"], np.random.default_rng(0))
    assert set(found[0].split()) == {"cat"}
    assert found[1:4] == ["", "a " * 12, "12"]
    assert set(found[4].split()) == {"cat"}


def test_names_follow_what_is_in_the_folders(folder, tmp_path):
    name = build_back_translation(f"{folder}|{folder}").name
    assert name.startswith("back-translation:en-xx@")
    assert name == build_back_translation(f"{folder} | {folder}").name
    other = write_model(tmp_path / "en-xx", seed=1)
    (other / "more").mkdir()
    assert build_back_translation(f"{other}|{folder}").name != name
    assert str(tmp_path) not in name


def test_folders_without_a_model_are_refused(folder, tmp_path):
    with pytest.raises(InputError, match=r"nowhere holds no model: expected a folder with config.json and model.safe"):
        Marian(tmp_path / "nowhere")
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(InputError, match=r"has no weights as safetensors: load it where you trust it"):
        Marian(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"is no translation model that transformers can load: "):
        Marian(tmp_path)


def test_what_is_not_installed_is_named(folder, monkeypatch):
    from transformers import AutoTokenizer

    def fail(*given, **settings):
        raise ImportError("no sentencepiece")

    with monkeypatch.context() as patch:
        patch.setattr(AutoTokenizer, "from_pretrained", fail)
        with pytest.raises(InputError, match=r"^Marian models need torch, transformers and sentencepiece: pip install"):
            Marian(folder)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"^Marian models need torch, transformers and sentencepiece: pip install"):
        Marian(folder)


@pytest.mark.parametrize("shown", [True, False])
def test_loading_shows_no_bar_and_leaves_the_setting(folder, capfd, shown):
    from transformers.utils import logging

    before = logging.is_progress_bar_enabled()
    (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
    try:
        Marian(folder)
        assert logging.is_progress_bar_enabled() == shown
    finally:
        (logging.enable_progress_bar if before else logging.disable_progress_bar)()
    assert "Loading" not in capfd.readouterr().err


def test_the_tokenizer_of_marian_is_one_of_them(tmp_path):
    """With the files that the published models have: two models of sentencepiece and one vocabulary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the types that its extension is made of
        sentencepiece = pytest.importorskip("sentencepiece", reason="needs sentencepiece")
    import json

    from transformers import MarianTokenizer

    for side in ("source", "target"):
        (tmp_path / f"{side}.txt").write_text("\n".join(TEXTS * 20))
        sentencepiece.SentencePieceTrainer.train(
            input=str(tmp_path / f"{side}.txt"), model_prefix=str(tmp_path / side), vocab_size=40,
            hard_vocab_limit=False, minloglevel=2,
        )  # fmt: skip
        Path(tmp_path / f"{side}.model").rename(tmp_path / f"{side}.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "source.spm"))
    listed = ["</s>", "<unk>", *(pieces.id_to_piece(id) for id in range(3, len(pieces))), "<pad>"]
    (tmp_path / "vocab.json").write_text(json.dumps({piece: id for id, piece in enumerate(listed)}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends sacremoses
        tokenizer = MarianTokenizer(
            *(str(tmp_path / name) for name in ("source.spm", "target.spm", "vocab.json")), model_max_length=30
        )
    model = write_model(tmp_path / "model", tokenizer=tokenizer)
    found = Marian(model)(TEXTS)
    assert len(found) == len(TEXTS)
    assert any(found)
    assert build_back_translation(f"{model}|{model}")(["the dog"], np.random.default_rng(0)) != [""]
