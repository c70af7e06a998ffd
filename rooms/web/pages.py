"""Pages: templates, in the language of whoever asks, with a nonce for what they run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from base.paths import ASSETS_DIR
from base.wire import Language
from rooms.web.static_files import static_files
from rooms.web.texts import (
    HTML_LANGUAGE,
    LANGUAGE_NAMES,
    LANGUAGES,
    choose_language,
    texts_of,
)

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
LANGUAGE_COOKIE: Final = "kokuban-language"
_YEAR_S: Final = 365 * 24 * 3600
_ICON_BODY: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def language_of(request: Request) -> Language:
    """Return the language for a request: asked for, kept from last time, or the browser's."""
    return choose_language(
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language", ""),
    )


def render_page(
    request: Request, template: str, values: Mapping[str, object], *, status: int = 200
) -> Response:
    """Return a page.

    Args:
        request: Its language and nonce are used.
        template: File below `templates/`.
        values: What the template asks for beside `language`, `nonce` and the functions
            `static`, `icon`, `modules`, `catalogue` and gettext.
        status: Of HTTP.
    """
    language = language_of(request)
    environment = _environment(language)
    text = environment.get_template(template).render(
        language=language,
        html_language=HTML_LANGUAGE[language],
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        nonce=getattr(request.state, "csp_nonce", ""),
        **values,
    )
    response = HTMLResponse(text, status)
    # The nonce is good once, and the language is the reader's.
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = HTML_LANGUAGE[language]
    if request.query_params.get("lang") == language:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return response


@cache
def icon(name: str) -> Markup:
    """Return an icon of Lucide to stand inside a page; it takes the colour of the text."""
    found = _ICON_BODY.search((ASSETS_DIR / "icons" / f"{name}.svg").read_text("utf-8"))
    if found is None:
        raise ValueError(f"icon {name} is no picture")
    body = re.sub(r"\s+", " ", found.group(1)).strip()
    return Markup(  # noqa: S704  (our own file)
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f"{body}</svg>"
    )


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = texts_of(language)
    install: Callable[..., None] = getattr(environment, "install_gettext_callables")  # noqa: B009
    install(texts.gettext, texts.ngettext, newstyle=True)
    environment.globals |= {
        "static": static_files().url,
        "modules": static_files().modules_of,
        "icon": icon,
        "catalogue": lambda entry: _catalogue(language, entry),
    }
    return environment


@cache
def _catalogue(language: Language, entry: str) -> Markup:
    texts = texts_of(language).for_modules(static_files().source_of(entry))
    told = json.dumps({"language": language, "texts": texts}, ensure_ascii=False)
    # Inside <script>, where "</" and "<!--" would end it.
    return Markup(told.replace("<", "\\u003c"))  # noqa: S704
