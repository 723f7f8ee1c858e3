"""Metering of uploads: their bytes are counted for the visitor as they come, and their files noted as the visitor's.

Pure ASGI, around Gradio's own reader of forms.
"""

from __future__ import annotations

import logging
import re

from starlette.formparsers import MultiPartException

from rag.messages import Reason, reason, text

from .asgi import App, Message, Receive, Scope, Send, announced, replaced, values
from .quota import Payer, Quota
from .refusals import RequestRefused, marked, reader_language
from .routes import BodyKind, route_of
from .uploaded_paths import UploadedPaths, paths_in
from .visitors import address, secret_of, user

log = logging.getLogger(__name__)

SHARES_OF_ADDRESS = 4
"""Visitors of one address who may use up their quota within the hour; a new cookie costs nothing."""

_BOUNDARY = re.compile(r"boundary=\"?([^\";,\s]{1,200})")


class MeteredUploads:
    """ASGI middleware. `quota` limits the uploads, `uploaded` records their paths."""

    def __init__(self, app: App, *, quota: Quota, uploaded: UploadedPaths) -> None:
        self.app = app
        self.quota = quota
        self.uploaded = uploaded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if route_of(scope).sent is not BodyKind.FILES:
            await self.app(scope, receive, send)
            return
        said, payers = announced(scope) or 0, _payers(scope)
        why = self.quota.room(said) or self.quota.spend(payers, said, 0)
        if why is not None:
            raise RequestRefused(413, why, drain=True)
        upload = _Upload(scope, receive, send, self.quota, payers, said)
        try:
            await self.app(scope, upload.receive, upload.send)
        except (TypeError, ValueError, KeyError, AssertionError) as e:  # a form that holds no files, say
            if upload.started:
                raise
            log.info("an upload was not understood: %s", e)
            raise RequestRefused(400, reason("front.no_upload")) from e
        finally:
            self.quota.give_back(payers, max(0, upload.paid - upload.read))
        self.uploaded.give(secret_of(scope["headers"]), paths_in(bytes(upload.reply)))


class _Upload:
    """The body of an upload, counted as it comes, and its answer.

    A refused upload ends in a MultiPartException: Gradio then removes what it has received and answers with its text.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, quota: Quota, payers: tuple[Payer, ...], paid: int
    ) -> None:
        self.read = 0
        self.paid = paid
        self.started = False
        self.reply = bytearray()
        self._why: Reason | None = None
        self._language = reader_language(scope["headers"])
        self._receive = receive
        self._send = send
        self._quota = quota
        self._payers = payers
        named = _BOUNDARY.search("".join(values(scope["headers"], b"content-type")))
        self._boundary = f"--{named[1]}\r\n".encode("latin-1") if named else b""
        self._tail = b""

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request":
            raise self._ended(reason("front.upload_cut"))
        body = message.get("body", b"")
        self.read += len(body)
        more = max(0, self.read - self.paid)
        why = self._quota.spend(self._payers, more, self._parts(body)) or self._quota.room(0)
        if why is not None:
            raise self._ended(why)
        self.paid += more
        return message

    async def send(self, message: Message) -> None:
        self.started = True
        if message["type"] == "http.response.start" and self._why is not None:
            message = {**message, "headers": replaced(list(message["headers"]), marked(self._why))}
        elif message["type"] == "http.response.body":
            self.reply += message.get("body", b"")
        await self._send(message)

    def _ended(self, why: Reason) -> MultiPartException:
        self._why = why
        return MultiPartException(text(why, self._language))

    def _parts(self, body: bytes) -> int:
        """Number of parts of the form that begin in this piece of the body."""
        if not self._boundary:
            return 0
        seen = self._tail + body
        self._tail = seen[-len(self._boundary) + 1 :]
        return seen.count(self._boundary)


def _payers(scope: Scope) -> tuple[Payer, ...]:
    """Payers of an upload: the signed-in user, else the browser and the address."""
    if named := user(scope):
        return (Payer(f"user/{named}"),)
    return (Payer(f"browser/{secret_of(scope['headers'])}"), Payer(f"address/{address(scope)}", SHARES_OF_ADDRESS))
