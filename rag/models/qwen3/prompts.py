"""The exact texts the Qwen3 models were trained on, as token ids. Knows tokenizers, neither models nor torch."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import ModelRejected
from rag.messages import reason
from rag.options import INSTRUCTION

from ..tokens import FileTokenizer, PlainTokenizer

END_OF_TEXT = "<|endoftext|>"
"""Ends every embedded text: its hidden state is the vector. Not the `eos_token`, which is `<|im_end|>`."""
PREFIX = (
    "<|im_start|>system\n"
    "Judge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".<|im_end|>\n'
    "<|im_start|>user\n"
)
BODY = "<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}"
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
TAGS = ("<|im_start|>", "<|im_end|>", "<think>", "</think>")
"""Each must be one token, or the prompt is not the one the model was trained on."""
SMALLEST_PROMPT = 512
"""Below this the template, the instruction and the query leave no room for a document."""
QUERY_SHARE = 4
"""Instruction and query may each take up to one part in four of the room, so that a document always has half."""
PROBE = "What is the capital of China? 中国的首都是北京。"


def query_text(query: str, instruction: str) -> str:
    """The query as the models were trained on it: no blank after `Query:`. A blank instruction is the default one."""
    return f"Instruct: {' '.join(instruction.split()) or INSTRUCTION}\nQuery:{query}"


class EmbeddingTokens:
    """Ids of texts for Qwen3-Embedding, each closed by `END_OF_TEXT`.

    Raises ModelRejected when the folder's own rules would give other ids.
    """

    def __init__(self, tokenizer: FileTokenizer, *, name: str, limit: int) -> None:
        self.plain = PlainTokenizer(tokenizer)
        self.limit = limit
        end = tokenizer.backend_tokenizer.token_to_id(END_OF_TEXT)
        published = tokenizer.published(PROBE)
        if end is None or published[-1] != end:
            last = tokenizer.backend_tokenizer.id_to_token(published[-1])
            raise ModelRejected(reason("models.last_token", model=name, token=END_OF_TEXT, found=str(last)))
        if [*self.plain.ids([PROBE])[0], end] != published:
            raise ModelRejected(reason("models.tokenizer", model=name))
        self._end = int(end)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut to the limit first, then ended: a long text closes with the token whose state is the vector."""
        return [[*ids[: self.limit - 1], self._end] for ids in self.plain.ids(texts)]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, the closing one not counted."""
        return self.plain.counts(texts)


class RerankerTokens:
    """Ids of Qwen3-Reranker's prompts: template whole, only the end of a long text cut off.

    `limit` counts the whole prompt. Raises ModelRejected when the tokenizer is not the models' own.
    """

    def __init__(self, tokenizer: FileTokenizer, *, name: str, limit: int) -> None:
        self.plain = PlainTokenizer(tokenizer)
        for tag in TAGS:
            if len(tokenizer.template(tag)) != 1:
                raise ModelRejected(reason("models.template", model=name, token=tag))
        if limit < SMALLEST_PROMPT:
            raise ModelRejected(reason("models.prompt", model=name, value=limit, smallest=SMALLEST_PROMPT))
        self._prefix = tokenizer.template(PREFIX)
        self._suffix = tokenizer.template(SUFFIX)
        self._room = limit - len(self._prefix) - len(self._suffix)
        self.yes, self.no = (self._single(word, tokenizer, name) for word in ("yes", "no"))

    def prompts(self, query: str, texts: Sequence[str], *, instruction: str) -> list[list[int]]:
        """The token ids the model is given for each text."""
        share = self._room // QUERY_SHARE
        task = self.plain.cut(" ".join(instruction.split()) or INSTRUCTION, share)
        asked = self.plain.cut(query, share)
        bodies = self.plain.ids([BODY.format(instruction=task, query=asked, document=text) for text in texts])
        return [[*self._prefix, *body[: self._room], *self._suffix] for body in bodies]

    def _single(self, word: str, tokenizer: FileTokenizer, name: str) -> int:
        ids = self.plain.ids([word])[0]
        if len(ids) != 1 or tokenizer.backend_tokenizer.id_to_token(ids[0]) != word:
            raise ModelRejected(reason("models.answer_token", model=name, word=word))
        return ids[0]
