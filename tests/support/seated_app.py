"""The service's application with people who are in a room already."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from sqlalchemy import insert

from rooms.model.callers import SeatCaller
from rooms.services import schema
from rooms.services.services import Services
from rooms.web.access import seat_caller
from tests.support.handover import GUEST, STAFF
from tests.support.rooms import in_app_services

SEATS = {"guest": GUEST, "staff": STAFF}


@dataclass(frozen=True, slots=True)
class Seated:
    """The application, a client for each seat by name, and what is behind it."""

    app: FastAPI
    guest: httpx.AsyncClient
    staff: httpx.AsyncClient
    stranger: httpx.AsyncClient
    services: Services

    @property
    def files_on_disk(self) -> list[Path]:
        root = self.services.settings.data_dir
        places = (root / "rooms", root / "documents")
        return [path for place in places for path in place.rglob("*") if path.is_file()]


@asynccontextmanager
async def seated_app(tmp_path: Path, **settings: Any) -> AsyncIterator[Seated]:
    """Run the application in this event loop with "room-1", a guest and staff in it."""
    async with in_app_services(tmp_path, free_min_mb=0, **settings) as (app, client):
        app.dependency_overrides[seat_caller] = _named_seat
        services: Services = app.state.services
        async with services.database.begin() as connection:
            for room in ("room-1", "room-2"):
                await connection.execute(
                    insert(schema.rooms).values(
                        id=room, opener="account:a", created_at=0.0, opens_at=0.0, guest_limit=3
                    )
                )
        yield Seated(app, _as(client, "guest"), _as(client, "staff"), client, services)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    """Serve an application that runs already on a real socket; give its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[method-assign,attr-defined]
        task = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await task


def _as(client: httpx.AsyncClient, seat: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=client._transport, base_url=client.base_url, headers={"x-seat": seat}
    )


async def _named_seat(request: Request) -> SeatCaller:
    from base.wire import Problem
    from rooms.model.refusal import Refused

    seat = SEATS.get(request.headers.get("x-seat", ""))
    if seat is None:
        raise Refused(Problem.NOT_SIGNED_IN)
    return seat
