"""The socket of a seat. Its origin was looked at by `security.OwnPagesOnly`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from base.wire import SOCKET_PATH, SUBPROTOCOL, Close
from rooms.services.services import Services

router: Final = APIRouter()
_BROKEN: Final = 1011
"""Of RFC 6455: the service met something that it had not foreseen."""


@router.websocket(SOCKET_PATH)
async def socket(websocket: WebSocket) -> None:
    """Carry everything of a seat but media and files."""
    services: Services = websocket.app.state.services
    if SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
        await websocket.accept()
        await websocket.close(Close.OLD_CLIENT, "another protocol")
        return
    await websocket.accept(SUBPROTOCOL)
    address = "" if websocket.client is None else websocket.client.host
    transport = SocketTransport(websocket)
    try:
        await services.hub.serve(transport, address)
    finally:
        await transport.close_if_open()


class SocketTransport:
    """A websocket of Starlette as the hub's `Transport`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes | None:
        """Return the next frame; None when the other side is gone."""
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data

    async def send(self, frame: str | bytes) -> None:
        """Send a frame; waits while the other side does not read.

        Raises:
            ConnectionError: the other side is gone.
        """
        try:
            if isinstance(frame, str):
                await self._websocket.send_text(frame)
            else:
                await self._websocket.send_bytes(frame)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionResetError("the websocket is closed") from error

    async def close(self, code: int, reason: str) -> None:
        """Close the connection; one that is closed already stays so."""
        if self._is_open():
            try:
                await self._websocket.close(int(code), reason)
            except (WebSocketDisconnect, RuntimeError) as error:
                raise ConnectionResetError("the websocket is closed") from error

    async def close_if_open(self) -> None:
        """Close what nobody closed: something went wrong, and is in the log."""
        try:
            await self.close(_BROKEN, "broken")
        except ConnectionError:
            return

    def _is_open(self) -> bool:
        states = (self._websocket.client_state, self._websocket.application_state)
        return states == (WebSocketState.CONNECTED, WebSocketState.CONNECTED)
