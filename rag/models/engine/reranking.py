"""`Reranker` on the packed engine: Qwen3-Reranker without transformers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from torch import Tensor

from rag.status import ModelInfo
from rag.types import RerankLimits

from ..device import DeviceLock
from ..numbers import NumberType
from ..packing import PackBudget
from ..qwen3.prompts import RerankerTokens
from ..tokens import FileTokenizer
from .assembly import Assembled, assemble
from .embedding import pack_size
from .network import Prefix
from .prefixes import Prefixes, common_prefix


class PackedReranker:
    """Log-odds of one Qwen3 reranker. Safe for many threads: one pack at a time, before waiting documents."""

    def __init__(
        self,
        model: Assembled,
        tokens: RerankerTokens,
        info: ModelInfo,
        *,
        lock: DeviceLock,
        pack_tokens: int = 0,
        exact: Assembled | None = None,
        urgent: bool = True,
    ) -> None:
        """`exact` is the same model in fp32, used for the prompt's constant beginning.

        Without `urgent` every pack waits for everyone else's turn.
        """
        self._model = model
        self._tokens = tokens
        self._info = info
        self._lock = lock
        self._budget = PackBudget(pack_tokens or pack_size(info.device), model=info.name)
        self._urgent = urgent
        self._prefixes = Prefixes(model.network, exact=_exact_prefix(model, exact) if exact else None)
        yes, no = model.head([tokens.yes, tokens.no]).double()
        # The difference of the two rows: the other 151,667 logits are never computed. float64 keeps top scores apart.
        self._direction: Tensor = yes - no

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        name: str,
        revision: str,
        number_type: NumberType,
        lock: DeviceLock,
        device: str = "cpu",
        max_tokens: int = 8192,
        pack_tokens: int = 0,
        urgent: bool = True,
        streamed: bool = False,
    ) -> PackedReranker:
        """From a complete model folder, without a network; `streamed` as in `assemble`.

        Raises ModelsError, ModelRejected among them.
        """
        model = assemble(folder, number_type, device=device, streamed=streamed)
        rounded = device == "cpu" and number_type is not NumberType.FP32
        exact = assemble(folder, NumberType.FP32, device=device, streamed=True) if rounded else None
        limit = min(max_tokens, model.network.shape.limit)
        tokens = RerankerTokens(FileTokenizer(folder), name=name, limit=limit)
        info = ModelInfo(name=name, revision=revision, device=device, dtype=number_type.value, score_name="p_yes")
        return cls(model, tokens, info, lock=lock, pack_tokens=pack_tokens, exact=exact, urgent=urgent)

    @property
    def info(self) -> ModelInfo:
        return self._info

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        if not texts:
            return
        *rows, empty = self._tokens.prompts(query, [*texts, ""], instruction=instruction)
        (other,) = self._tokens.prompts("", [""], instruction=instruction)
        shared = min(common_prefix([*rows, empty]), *(len(row) - 1 for row in rows))
        stable = min(common_prefix([other, empty]), shared)
        tails = [row[shared:] for row in rows]

        def compute(pack: list[int]) -> list[float]:
            with self._lock.turn(urgent=self._urgent):
                prefix = self._prefixes.of(rows[0][:shared], stable=stable)
                return self._log_odds([tails[i] for i in pack], prefix)

        for pack, scores in self._budget.run([len(tail) for tail in tails], compute):
            yield from zip(pack, scores, strict=True)

    def _log_odds(self, tails: Sequence[Sequence[int]], prefix: Prefix | None) -> list[float]:
        rows = self._model.network.last_rows(tails, prefix=prefix).cpu().double()
        scores: list[float] = (rows @ self._direction).tolist()
        return scores


def _exact_prefix(model: Assembled, exact: Assembled) -> Callable[[Sequence[int]], Prefix]:
    return lambda ids: model.adopted(exact.network.prefix(ids))
