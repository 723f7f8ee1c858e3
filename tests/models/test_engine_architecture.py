"""Which models the engine runs, and what it says of those it must leave to the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ModelRejected
from rag.messages import reason
from rag.models.engine.architecture import architecture, read_config, supports
from rag.models.engine.assembly import assemble
from rag.models.numbers import NumberType

CONFIG: dict[str, Any] = {
    "model_type": "qwen3",
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151669,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000,
    "rope_scaling": None,
    "tie_word_embeddings": True,
    "max_position_embeddings": 32768,
    "attention_bias": False,
    "use_sliding_window": False,
    "hidden_act": "silu",
}


@pytest.mark.parametrize(
    ("changed", "name", "found"),
    [
        pytest.param({"model_type": "qwen2"}, "model_type", "qwen2", id="another family"),
        pytest.param({"attention_bias": True}, "attention_bias", "True", id="bias in attention"),
        pytest.param({"use_sliding_window": True}, "use_sliding_window", "True", id="sliding window"),
        pytest.param(
            {"layer_types": ["full_attention", "sliding_attention"]},
            "layer_types",
            "sliding_attention",
            id="one sliding layer",
        ),
        pytest.param({"hidden_act": "gelu"}, "hidden_act", "gelu", id="another activation"),
        pytest.param({"rope_scaling": {"type": "yarn", "factor": 4.0}}, "rope_type", "yarn", id="scaled positions"),
        pytest.param(
            {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e6}},
            "rope_type",
            "dynamic",
            id="scaled positions, new spelling",
        ),
        pytest.param({"quantization_config": {"bits": 4}}, "quantization_config", "present", id="quantised weights"),
        pytest.param({"num_key_value_heads": 5}, "heads / key heads", "16 / 5", id="heads that do not share evenly"),
    ],
)
def test_an_unknown_model_is_refused_with_its_reason(changed: dict[str, Any], name: str, found: str) -> None:
    refusal = supports({**CONFIG, **changed})
    assert refusal is not None
    assert (refusal.code, refusal.values["name"], refusal.values["found"]) == (
        "engine.unknown_architecture",
        name,
        found,
    )
    with pytest.raises(ModelRejected):
        architecture({**CONFIG, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="as published"),
        pytest.param({"rope_theta": None, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}, id="new"),
        pytest.param({"layer_types": ["full_attention"] * 28}, id="layers listed"),
    ],
)
def test_the_published_shape_is_read(changed: dict[str, Any]) -> None:
    config = {k: v for k, v in {**CONFIG, **changed}.items() if v is not None}
    shape = architecture(config)
    assert supports(config) is None
    assert (shape.rope_theta, shape.qkv, shape.tied, shape.limit) == (1e6, 4096, True, 32768)
    assert shape.parameters == 440_401_920


def test_a_folder_without_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected) as error:
        read_config(tmp_path)
    assert error.value.reason == reason("engine.no_config", folder=tmp_path.name)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(ModelRejected) as error:
        assemble(tmp_path, NumberType.FP32)
    assert error.value.reason == reason("engine.no_weights", folder=tmp_path.name, file="model.safetensors")
