"""An open page without a browser: Streamlit's protocol over a websocket, as far as one component needs it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 30.0  # seconds that a page waits for one answer
MOST_SESSIONS = 300
WAITING = ThreadPoolExecutor(MOST_SESSIONS)  # a thread for each session that waits for its answer
SUCCESS = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}


class LoadError(Exception):
    """An answer that a student would see as a failure."""


class Desk:
    """Where a page's session answers directly, without a run of the page; keeps one connection open."""

    def __init__(self, url: str) -> None:
        self._post = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)

    async def answer(self, direct: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
        """The next frame; `direct` is that of the last one."""
        return await asyncio.get_running_loop().run_in_executor(WAITING, self._answer, direct, edit)

    def _answer(self, direct: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps({"ticket": direct["ticket"], "edit": edit})
        try:
            answer = self._posted(direct["path"], body)
        except ConnectionError:  # a server closes a connection that was silent for some seconds
            self._post.close()
            answer = self._posted(direct["path"], body)
        said = answer.read()
        if answer.status != 200:
            raise LoadError(f"the edit was answered with {answer.status}: {said[:200]!r}")
        frame: dict[str, Any] = json.loads(said)
        return frame

    def _posted(self, path: str, body: str) -> HTTPResponse:
        self._post.request("POST", path, body, {"Content-Type": "application/json"})
        return self._post.getresponse()

    def close(self) -> None:
        """Close the connection."""
        self._post.close()


class Connection:
    """One open page, as the browser's side of Streamlit's protocol sees it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.page = ""

    async def rerun(self, state: ClientState) -> float:
        """Send a rerun; the seconds until the script has finished."""
        state.page_script_hash = self.page
        start = time.perf_counter()
        await self.socket.send(BackMsg(rerun_script=state).SerializeToString())
        async with asyncio.timeout(PATIENCE):
            await self._until_finished()
        return time.perf_counter() - start

    async def _until_finished(self) -> None:
        while True:
            raw = await self.socket.recv()
            message = ForwardMsg.FromString(raw if isinstance(raw, bytes) else raw.encode())
            match message.WhichOneof("type"):
                case "new_session":
                    self.page = message.new_session.page_script_hash
                case "navigation":
                    self.page = message.navigation.page_script_hash
                case "delta":
                    self._read(message)
                case "auto_rerun":
                    self.again(message.auto_rerun.fragment_id, message.auto_rerun.interval)
                case "script_finished" if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    pass  # the page asked to be run again
                case "script_finished":
                    if message.script_finished not in SUCCESS:
                        raise LoadError(f"the script ended with status {message.script_finished}")
                    return

    def _read(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        match element.WhichOneof("type"):
            case "exception":
                raise LoadError("the page shows an exception")
            case "alert" if element.alert.format == element.alert.ERROR:
                raise LoadError(f"the page shows an error: {element.alert.body}")
            case "bidi_component":
                component = element.bidi_component
                payload = component.json or component.mixed.json
                name = component.component_name.split(".")[-1]
                self.mounted(
                    name, component.id, message.delta.fragment_id, json.loads(payload or "{}").get("frame", {})
                )

    def mounted(self, name: str, widget: str, fragment: str, frame: dict[str, Any]) -> None:
        """A component is shown, with this frame."""

    def again(self, fragment: str, seconds: float) -> None:
        """A fragment asks to be run every so many seconds."""


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[ClientConnection]:
    """A websocket to the app at `url`."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(
        address, subprotocols=[Subprotocol("streamlit")], max_size=None, compression=None, open_timeout=PATIENCE
    ) as socket:
        yield socket
