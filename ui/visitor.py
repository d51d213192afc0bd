"""Who is looking: a random cookie that the launcher sets, of which only a hash is ever kept.

A visitor is a browser, not a session: a reload, a second tab and a restarted server find the same one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from http.cookies import CookieError, SimpleCookie

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "glassformer_visitor"
SESSION_KEY = "visitor_of_this_session"
YEAR = 365 * 24 * 3600
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")  # what secrets.token_urlsafe(32) makes


class VisitorCookie:
    """ASGI middleware: a page that is opened without the cookie brings one along. Scripts cannot read it (HttpOnly)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or value_in(Headers(scope=scope).get("cookie", "")):
            return await self.app(scope, receive, send)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # only with the page itself: its scripts are asked for at the same time and would each bring another one
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", new_cookie(secure=is_secure(scope)))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def visitor() -> str:
    """SHA-256 (hex) of this visitor's cookie. Without one (a test, a browser that refuses cookies) the session is the visitor."""
    value = str(st.context.cookies.get(COOKIE, ""))
    if not _VALUE.fullmatch(value):
        value = st.session_state.setdefault(SESSION_KEY, secrets.token_urlsafe(32))
    return hashlib.sha256(value.encode()).hexdigest()


def value_in(header: str) -> str:
    """The cookie's value in a Cookie header; empty where there is none of ours."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None and _VALUE.fullmatch(found.value) else ""


def new_cookie(*, secure: bool) -> str:
    """A Set-Cookie header's value with a new visitor in it."""
    attributes = f"Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax"
    return f"{COOKIE}={secrets.token_urlsafe(32)}; {attributes}{'; Secure' if secure else ''}"


def is_secure(scope: Scope) -> bool:
    """Whether the browser spoke https, to this server or to the proxy before it."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip()
    return (forwarded or scope.get("scheme", "http")) == "https"
