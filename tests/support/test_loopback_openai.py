"""The stand-in for a provider speaks the protocol it is used to prove, told with a plain HTTP client."""

from __future__ import annotations

import http.client
import json
import threading

from .loopback_openai import Endless, Gated, Good, LoopbackOpenAI, Status, error


def post(server: LoopbackOpenAI) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.url.split("/")[2], timeout=10)
    connection.request("POST", "/v1/chat/completions", json.dumps({"model": "m"}), {"X-Test": "yes"})
    response = connection.getresponse()
    connection.close()
    return response


def test_an_answer_is_a_stream_of_events_that_says_when_it_is_done() -> None:
    with LoopbackOpenAI() as server:
        server.script(Good(["a", "b"], usage=(1, 2)))
        events = [e.removeprefix("data: ") for e in post(server).read().decode().split("\n\n") if e]
        chunks = [json.loads(e) for e in events[:-1]]
        assert events[-1] == "[DONE]"
        assert [c["choices"][0]["delta"].get("content") for c in chunks[1:3]] == ["a", "b"]
        assert chunks[3]["choices"][0]["finish_reason"] == "stop"
        assert chunks[4]["usage"]["total_tokens"] == 3
        assert (server.request().body, server.request().headers["x-test"]) == ({"model": "m"}, "yes")


def test_an_error_has_its_status_headers_and_body() -> None:
    with LoopbackOpenAI() as server:
        server.script(Status(429, error("slow down"), {"Retry-After": "7"}))
        response = post(server)
        assert (response.status, response.headers["retry-after"]) == (429, "7")
        assert json.load(response)["error"]["message"] == "slow down"


def test_words_without_end_come_until_the_client_leaves() -> None:
    with LoopbackOpenAI() as server:
        server.script(Endless("again"))
        connection = http.client.HTTPConnection(server.url.split("/")[2], timeout=10)
        connection.request("POST", "/v1/chat/completions", json.dumps({"model": "m"}))
        response = connection.getresponse()
        assert response.read(100_000).count(b"again") > 500
        connection.close()


def test_without_a_script_every_request_is_answered() -> None:
    with LoopbackOpenAI(lambda request: Good([request.body["model"]])) as server:
        assert b'"content": "m"' in post(server).read()
        assert b'"content": "m"' in post(server).read()


def test_closing_ends_a_reply_that_waits() -> None:
    with LoopbackOpenAI() as server:
        server.script(Gated(["a"]))
        response = threading.Thread(target=post, args=(server,))
        response.start()
        assert server.request().began.wait(10)
    response.join(10)
    assert not response.is_alive()
