"""Milvus servers on loopback: Milvus Lite's engine behind a port, made to look like other versions and setups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.grpc_gen import milvus_pb2_grpc


class Gate(grpc.ServerInterceptor):  # type: ignore[misc]
    """Looks at every call before the server does: a status code to refuse it with, or None."""

    def __init__(self, refusal: Callable[[Any], grpc.StatusCode | None]) -> None:
        self._refusal = refusal

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        code = self._refusal(details)
        if code is None:
            return continuation(details)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: context.abort(code, "refused by the gate"))


@contextmanager
def serving(
    folder: Path,
    *,
    version: str = "",
    port: int = 0,
    refusal: Callable[[Any], grpc.StatusCode | None] = lambda details: None,
    before: Callable[[str, Any], None] = lambda method, context: None,
) -> Iterator[str]:
    """Address of a server that calls itself `version`; `before` is called ahead of searches, queries and upserts."""

    class Servicer(MilvusServicer):  # type: ignore[misc]
        def GetVersion(self, request: Any, context: Any) -> Any:
            answer = super().GetVersion(request, context)
            answer.version = version or answer.version
            return answer

        def Search(self, request: Any, context: Any) -> Any:
            before("Search", context)
            return super().Search(request, context)

        def Query(self, request: Any, context: Any) -> Any:
            before("Query", context)
            return super().Query(request, context)

        def Upsert(self, request: Any, context: Any) -> Any:
            before("Upsert", context)
            return super().Upsert(request, context)

    database = MilvusLite(str(folder))
    server = grpc.server(ThreadPoolExecutor(8), interceptors=[Gate(refusal)])
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(Servicer(database), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"http://127.0.0.1:{bound}"
    finally:
        server.stop(grace=None).wait()
        database.close()
