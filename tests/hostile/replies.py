"""What a provider sends back: errors that quote secrets, streams that never end, words of the wrong type, no words."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.support.loopback_openai import Cut, Endless, Good, Raw, Reply, Status, StreamError, error

from .texts import TEXTS, Text

MEGABYTE = 1_000_000
LONG = 60_000
"""Characters of a hostile text as an answer."""


def event(chunk: object) -> bytes:
    """One event of a stream, lone surrogates and all."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def chunk(delta: object, finish: object = None) -> dict[str, Any]:
    """As OpenAI sends it."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def streamed(*chunks: object, done: bool = True) -> Raw:
    """A stream of any chunks."""
    return Raw(b"".join(map(event, chunks)) + (b"data: [DONE]\n\n" if done else b""))


def said(*deltas: object) -> Raw:
    """A stream of these as contents."""
    return streamed(*(chunk({"content": delta}) for delta in deltas), chunk({}, "stop"))


def pieces(text: str, size: int = 4000) -> Sequence[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


Make = Callable[[str, str], Reply]
Replies = Mapping[str, Make]
"""By name; made of a secret that must not be shown, and the address of a server that must not be asked."""

WRONG: Mapping[str, object] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a text": "x",
    "a list": [1],
    "an object": {"a": 1},
    "a deep list": json.loads("[" * 500 + "]" * 500),
}
"""Types where others belong."""

STATUSES = (
    300,
    301,
    304,
    307,
    308,
    400,
    401,
    402,
    403,
    404,
    408,
    409,
    413,
    418,
    422,
    425,
    429,
    451,
    500,
    502,
    503,
    599,
)


def _status(code: int) -> Make:
    return lambda key, _: Status(code, error(f"Bad key {key} for Bearer {key}"))


def _misplaced(place: str, value: object) -> Make:
    return lambda *_: streamed(_wrong(place, value))


def _spoken(make: Text) -> Make:
    return lambda *_: said(*pieces(make(LONG)))


def _wrong(place: str, value: object) -> object:
    """A chunk with `value` where something else belongs."""
    whole = chunk({"content": "x"})
    match place:
        case "event":
            return value
        case "choices" | "usage" | "id":
            return {**whole, place: value}
        case "choice":
            return {**whole, "choices": [value]}
        case "delta":
            return chunk(value)
        case "content":
            return chunk({"content": value})
        case "reasoning":
            return chunk({"reasoning_content": value, "content": "x"})
        case _:
            return chunk({"content": "x"}, value)


ERRORS: Replies = {
    **{f"status {code} with secrets": _status(code) for code in STATUSES},
    "120 kB of error with secrets": lambda key, _: Status(400, error(f"{key} " * (120_000 // len(key)))),
    "120 kB of error without a blank": lambda key, _: Status(400, error("sk-" + "a.b-" * 30_000 + key)),
    "120 kB of stars": lambda key, _: Status(400, error("*" * 120_000 + key)),
    "120 kB of stars and letters": lambda key, _: Status(400, error("a**" * 40_000 + key)),
    "two megabytes of error": lambda key, _: Status(500, error("x " * MEGABYTE + key)),
    "an error of HTML": lambda key, _: Status(502, f"<html><script>alert('{key}')</script></html>"),
    "an error of text": lambda key, _: Status(500, f"key={key}"),
    "an error in a header": lambda key, _: Status(500, "", {"x-key": key, "retry-after": key}),
    "an error with half the key": lambda key, _: Status(401, error(f"Bad key {key[:-6]}…")),
    "an error with the key in pieces": lambda key, _: Status(401, error("\u200b".join(key))),
    "an error with the key backwards": lambda key, _: Status(401, error(key)),
    "an error with the key in capitals": lambda key, _: Status(401, error(key.upper())),
    "an error with the key escaped": lambda key, _: Status(
        401, error("Bad key " + "".join(f"%{ord(letter):02X}" for letter in key))
    ),
    "an error that is no object": lambda key, _: Status(
        400, json.dumps([key, [key]]), {"Content-Type": "application/json"}
    ),
    "an error nested deeply": lambda key, _: Status(
        400, '{"error":' * 90_000 + f'"{key}"' + "}" * 90_000, {"Content-Type": "application/json"}
    ),
    "an error with a surrogate": lambda key, _: Status(400, error(f"\ud800 {key}")),
    "an error with markup": lambda key, _: Status(400, error(f"<img src=x onerror=alert('{key}')>")),
    "an error of wrong types": lambda key, _: Status(
        400, {"error": {"message": [key], "code": {"a": key}, "param": 7}}
    ),
    "retry in a century": lambda key, _: Status(429, error("slow"), {"Retry-After": "9" * 6}),
    "retry at no time": lambda key, _: Status(429, error("slow"), {"Retry-After": "Thu, 99 Foo 99999 25:61:61 GMT"}),
    "retry at a day without end": lambda key, _: Status(429, error("slow"), {"Retry-After": "9" * 5000}),
    "an error in the stream": lambda key, _: StreamError(["The ", "beginning"], {"message": f"key {key}", "code": key}),
    "an error in the stream of wrong types": lambda key, _: streamed({"error": [key]}),
    "an error in the stream of 120 kB": lambda key, _: streamed({"error": {"message": f"a*** {key} " * 4000}}),
    "another host, at once": lambda key, foreign: Status(307, "", {"Location": f"{foreign}/v1/chat/completions"}),
    "another host, for good": lambda key, foreign: Status(308, "", {"Location": f"{foreign}/v1/chat/completions"}),
    "another host, found": lambda key, foreign: Status(302, "", {"Location": f"{foreign}/{key}"}),
    "itself, for ever": lambda key, foreign: Status(307, "", {"Location": "/v1/chat/completions"}),
    "a file": lambda key, foreign: Status(302, "", {"Location": "file:///etc/passwd"}),
}

ANSWERS: Replies = {
    "nothing at all": lambda *_: Raw(b""),
    "done at once": lambda *_: Raw(b"data: [DONE]\n\n"),
    "blanks": lambda *_: Good([" \n\t", "\u00a0\u3000"]),
    "zero widths": lambda *_: Good(["\u200b\u200b"]),
    "a citation alone": lambda *_: Good(["[1]"]),
    "thinking alone": lambda *_: Good(["<think>", "a" * 5000]),
    "thinking without end": lambda *_: Good(["<think>" * 20_000]),
    "another thinking": lambda *_: Good(["Really no opener.</think>", "Rotate it [1]."]),
    "a lone surrogate": lambda *_: said("Rotate \ud800 it [1]."),
    "lone surrogates alone": lambda *_: said("\ud800", "\udfff"),
    "a pair in two deltas": lambda *_: said("Rotate \ud83d", "\ude00 it [1]."),
    "a zero byte": lambda *_: said("Rotate\0 it [1]."),
    "controls": lambda *_: said("\x1b[2J\x07\x08 Rotate it [1]."),
    "cut at once": lambda *_: Cut(headers=False),
    "cut after the headers": lambda *_: Cut(),
    "cut in the answer": lambda *_: Cut(["Rotate ", "it "]),
    "no end": lambda *_: streamed(chunk({"content": "Rotate it [1]."}), done=False),
    "half an event": lambda *_: Raw(event(chunk({"content": "Rotate"})) + b'data: {"choices": [{"del'),
    "half a character": lambda *_: Raw(b'data: {"choices":[{"delta":{"content":"\xe7\xb4"}}]}\n\ndata: [DONE]\n\n'),
    "no JSON": lambda *_: Raw(b"data: {no json}\n\n"),
    "JSON 100,000 deep": lambda *_: Raw(b"data: " + b"[" * 100_000 + b"]" * 100_000 + b"\n\n"),
    "objects 100,000 deep": lambda *_: Raw(b"data: " + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n\n"),
    "a number of 100,000 digits": lambda *_: Raw(b"data: " + b"9" * 100_000 + b"\n\n"),
    "no number": lambda *_: Raw(b'data: {"choices": NaN}\n\n'),
    "HTML": lambda key, _: Raw(f"<html><body>Sign in {key}</body></html>".encode(), "text/html"),
    "HTML that says it is a stream": lambda key, _: Raw(b"<html>\n\n<body>\n\n"),
    "JSON in place of a stream": lambda *_: Raw(
        json.dumps({"choices": [{"message": {"content": "Hi"}}]}).encode(), "application/json"
    ),
    "a picture": lambda *_: Raw(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100, "image/png"),
    "a gigabyte, packed": lambda *_: Raw(packed(1000), headers={"Content-Encoding": "gzip"}),
    "packed without a packing": lambda *_: Raw(b"no gzip at all", headers={"Content-Encoding": "gzip"}),
    "an error of a gigabyte, packed": lambda *_: Raw(packed(1000), "application/json", {"Content-Encoding": "gzip"}),
    "words without end": lambda *_: Endless("word " * 200),
    "blanks without end": lambda *_: Endless(" " * 1000),
    "nothing without end": lambda *_: Endless(""),
    "brackets without end": lambda *_: Endless("[" * 1000),
    "a megabyte in one delta": lambda *_: Good(["word " * (MEGABYTE // 5)]),
    "a megabyte without a blank": lambda *_: Good(pieces("a" * MEGABYTE)),
    "a megabyte of brackets": lambda *_: Good(pieces("[" * MEGABYTE)),
    "a megabyte of lines": lambda *_: Good(pieces("a\n" * (MEGABYTE // 2))),
    "a megabyte of fences": lambda *_: Good(pieces("```\n" * (MEGABYTE // 4))),
    "100,000 deltas": lambda *_: Good(["a "] * 100_000),
    "100,000 empty deltas": lambda *_: Good([""] * 100_000),
    "a megabyte of comments": lambda *_: Raw(b": ping\n\n" * (MEGABYTE // 8)),
    "a line of a megabyte": lambda *_: Raw(b"data: " + b" " * MEGABYTE + b"\n\n"),
    "a megabyte of fields": lambda *_: Raw(b"a: b\n" * (MEGABYTE // 5)),
    "a megabyte of thoughts": lambda *_: Good(["Rotate it [1]."], reasoning=pieces("a" * MEGABYTE)),
    "99,999 citations": lambda *_: Good(pieces("Rotate it [1]. " * 6000)),
    "foreign pictures": lambda _, foreign: Good([f"![a]({foreign}/a.png) <img src={foreign}/b.png> [1]"]),
    "a foreign link in a definition": lambda _, foreign: Good([f"[1]: {foreign}/a\n\n[1] ![x][1]"]),
    "a foreign sheet": lambda _, foreign: Good(
        [f"<style>@import '{foreign}/a.css'</style><link rel=x href={foreign}/c> [1]"]
    ),
    "a script": lambda *_: Good(["<script>alert(1)</script><svg onload=alert(1)> [a](javascript:alert(1)) [1]"]),
    "the ends of our own markup": lambda *_: Good(
        ["</template></details></div></section></body><script>alert(1)</script> [1]"]
    ),
    "a chip of its own": lambda *_: Good(["[1](#ev-1-1) [x](#ev-1-1-0) [y](#checks-1) [1]"]),
    "tool calls": lambda *_: streamed(
        chunk({"tool_calls": [{"index": 0, "function": {"name": "x", "arguments": "{"}}]}), chunk({}, "tool_calls")
    ),
    "a refusal": lambda *_: streamed(chunk({"refusal": "No."}), chunk({}, "stop")),
    "two choices": lambda *_: streamed(
        {"choices": [chunk({"content": "A"})["choices"][0], chunk({"content": "B"})["choices"][0]]}
    ),
    "no choices": lambda *_: streamed({"id": "c"}, {"choices": []}),
    "usage of wrong types": lambda *_: streamed(
        chunk({"content": "Rotate it [1]."}),
        chunk({}, "stop"),
        {"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": -1}},
    ),
    "usage beyond all numbers": lambda *_: streamed(
        chunk({"content": "Rotate it [1]."}),
        chunk({}, "stop"),
        {"choices": [], "usage": {"prompt_tokens": 10**30, "completion_tokens": 1e308}},
    ),
    "an end of another name": lambda *_: streamed(chunk({"content": "Rotate it [1]."}), chunk({}, "x" * 5000)),
    "twice the end": lambda *_: streamed(
        chunk({"content": "A"}), chunk({}, "stop"), chunk({"content": "B"}), chunk({}, "stop")
    ),
    **{
        f"{place}: {name}": _misplaced(place, value)
        for place in ("event", "choices", "choice", "delta", "content", "finish", "reasoning", "usage", "id")
        for name, value in WRONG.items()
        if (place, name) != ("content", "a text")
    },
    **{f"text: {name}": _spoken(make) for name, make in TEXTS.items()},
}


def packed(megabytes: int) -> bytes:
    """So much, a thousand times smaller."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"data: " + b"a" * (MEGABYTE - 8) + b"\n\n"
    return b"".join([*(packer.compress(block) for _ in range(megabytes)), packer.flush()])


REPLIES: Replies = {**{f"error: {n}": r for n, r in ERRORS.items()}, **{f"answer: {n}": r for n, r in ANSWERS.items()}}
