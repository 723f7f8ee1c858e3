"""The reranker by other engines on a CPU: ONNX Runtime with dynamic int8, OpenVINO with groups of 128 activations.

Both score one passage at a time, two head rows, no sharing: the fastest honest use of an exported graph whose inputs
are token ids. Needs benchmarks/requirements.txt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rag.models.qwen3.prompts import RerankerTokens
from rag.models.tokens import FileTokenizer
from rag.options import INSTRUCTION

ONNX = "ONNX Runtime, dynamic int8"
OPENVINO = "OpenVINO, int8, groups of 128"
GROUP = 128

Run = Callable[[list[int]], tuple[float, float]]


class Judge(torch.nn.Module):
    """Token ids `[1, n]` -> logits of no and yes after the last one, `[1, 2]`."""

    def __init__(self, model: Any, answers: Sequence[int]) -> None:
        super().__init__()
        self.base = model.base_model
        self.register_buffer("rows", model.get_output_embeddings().weight[list(answers)].detach().clone())

    def forward(self, input_ids: Tensor) -> Tensor:
        # With a mask the library does not look for packed sequences, which no exporter can express.
        mask = torch.ones_like(input_ids)
        last = self.base(input_ids=input_ids, attention_mask=mask, use_cache=False).last_hidden_state[:, -1]
        scores: Tensor = last @ self.get_buffer("rows").T
        return scores


class Peers:
    """Both engines over one folder, converted once into `work`."""

    def __init__(self, folder: Path, work: Path, *, limit: int) -> None:
        self._tokens = RerankerTokens(FileTokenizer(folder), name="benchmark", limit=limit)
        self._folder = folder
        work.mkdir(parents=True, exist_ok=True)
        self._runs = {ONNX: _onnx(self._judge, work), OPENVINO: _openvino(self._judge, work)}

    def methods(self, query: str, texts: Sequence[str]) -> dict[str, Callable[[], list[float]]]:
        """By name; each returns P(yes) in input order."""
        return {name: partial(self._score, run, query, texts) for name, run in self._runs.items()}

    def _score(self, run: Run, query: str, texts: Sequence[str]) -> list[float]:
        scores = []
        for ids in self._tokens.prompts(query, texts, instruction=INSTRUCTION):
            no, yes = run(ids)
            scores.append(float(1 / (1 + np.exp(no - yes))))
        return scores

    def _judge(self) -> Judge:
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(
            str(self._folder), dtype=torch.float32, local_files_only=True, attn_implementation="sdpa"
        )
        judge = Judge(model, (self._tokens.no, self._tokens.yes))
        return judge.train(False)


def _openvino(judge: Callable[[], Judge], work: Path) -> Run:
    ov = _library("openvino")

    path = work / "openvino.xml"
    if not path.is_file():
        nncf = _library("nncf")
        nncf.set_log_level(logging.ERROR)
        with torch.inference_mode():
            graph = ov.convert_model(judge(), example_input=torch.ones(1, 16, dtype=torch.int64))
        ov.save_model(nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_SYM), path)
    settings = {
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
    }
    request = ov.Core().compile_model(path, "CPU", settings).create_infer_request()

    def run(ids: list[int]) -> tuple[float, float]:
        no, yes = request.infer([np.array([ids], dtype=np.int64)])[0][0]
        return float(no), float(yes)

    return run


def _onnx(judge: Callable[[], Judge], work: Path) -> Run:
    onnxruntime = _library("onnxruntime")

    path = work / "int8.onnx"
    if not path.is_file():
        quantization = _library("onnxruntime.quantization")
        plain = work / "fp32.onnx"
        with torch.inference_mode():
            torch.onnx.export(
                judge(),
                (torch.ones(1, 16, dtype=torch.int64),),
                str(plain),
                input_names=["input_ids"],
                dynamic_shapes={"input_ids": {1: torch.export.Dim("tokens", min=2, max=8192)}},
                dynamo=True,
                external_data=True,
            )
        quantization.quantize_dynamic(
            plain, path, weight_type=quantization.QuantType.QInt8, use_external_data_format=True
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(ids: list[int]) -> tuple[float, float]:
        no, yes = session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})[0][0]
        return float(no), float(yes)

    return run


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SystemExit(f"{name} is missing: pip install -r benchmarks/requirements.txt") from error
