"""The service as one application: what is opened at its start, and which routes it has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi

from base.clock import Clock, SystemClock
from base.wire import Message
from rooms.services.config import RoomsSettings
from rooms.services.services import open_services
from rooms.web import (
    routes_documents,
    routes_files,
    routes_join,
    routes_kept,
    routes_kept_pages,
    routes_manage,
    routes_pages,
    routes_pairing,
    routes_rooms,
    routes_staff,
    security,
    ws,
)
from rooms.web.access import services_of

OPENAPI_PATH: Final = "/api/v1/openapi.json"
ROUTERS: Final = (
    routes_join.router,
    routes_rooms.router,
    routes_pairing.router,
    routes_files.router,
    routes_documents.router,
    routes_kept.router,
    ws.router,
    routes_staff.router,
    routes_kept_pages.router,
    routes_manage.router,
    routes_pages.router,
)


class Health(Message):
    """GET /healthz: the service answers, and so does its database."""

    status: str = "ok"


def make_app(settings: RoomsSettings, clock: Clock | None = None) -> FastAPI:
    """Return the service; nothing is opened before its lifespan begins.

    Args:
        settings: What is set.
        clock: Where the time comes from; None for this machine's clock.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings, clock or SystemClock()) as services:
            app.state.services = services
            yield

    app = FastAPI(
        title="Kokuban consultation rooms",
        description="A key of eight digits, and nothing to install.",
        version=version(),
        openapi_url=OPENAPI_PATH,
        # The pages that show it load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # A redirect would be made of the Host header.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    security.install(app, settings)
    app.add_api_route("/healthz", healthz, methods=["GET"], tags=["service"])
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


async def healthz(request: Request) -> Health:
    """Say that the service is well."""
    await services_of(request).database.check()
    return Health()


def version() -> str:
    """Return the version of the service."""
    try:
        return metadata.version("kokuban")
    except metadata.PackageNotFoundError:
        # Run from a checkout that was never installed.
        import tomllib
        from pathlib import Path

        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])


def _describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, without the answers that only FastAPI by itself would give."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        for path in found["paths"].values():
            for operation in path.values():
                # What cannot be understood is refused with 400: rooms.web.security.
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            found.get("components", {}).get("schemas", {}).pop(name, None)
        app.openapi_schema = found
    return app.openapi_schema
