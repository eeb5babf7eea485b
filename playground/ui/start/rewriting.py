"""Changing what a server answers with before a browser has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Change = Callable[[bytes, MutableHeaders], Awaitable[bytes]]


async def rewrite(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, meant: Callable[[Headers], bool], change: Change
) -> None:
    """Answer as `app` does, but where that is right and its headers are `meant`, with a body that `change` makes.

    `change` has the whole body, not compressed, and the headers, to which it may write; every other answer passes.
    """
    body: list[bytes] = []
    start: Message = {}

    def is_meant(message: Message) -> bool:
        return message["status"] == 200 and meant(Headers(raw=message["headers"]))

    async def take(message: Message) -> None:
        """Hold an answer back until it is whole, if it is to be changed."""
        if message["type"] == "http.response.start":
            start.update(message)
            if not is_meant(message):
                await send(message)
        elif not is_meant(start):
            await send(message)
        else:
            body.append(message.get("body", b""))
            if not message.get("more_body"):
                await answer(b"".join(body))

    async def answer(whole: bytes) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        for name in ("etag", "last-modified"):  # of the body before
            if name in headers:
                del headers[name]
        changed = await change(whole, headers)
        headers["content-length"] = str(len(changed))
        await send({**start, "headers": headers.raw})
        await send({"type": "http.response.body", "body": changed})

    await app(_for_the_whole(scope), receive, take)


def _for_the_whole(scope: Scope) -> Scope:
    """The same request for a whole answer that is not compressed."""
    left_out = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in left_out]}
