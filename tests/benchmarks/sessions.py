"""Visitors without a browser: Streamlit's websocket spoken with its own protobufs, and event streams read from plain sockets."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Session:
    """One visitor's connection: it runs pages and waits until the script has finished."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(cls, address: str) -> Session:
        """Connect as a browser does."""
        socket = await websockets.connect(
            f"ws://{urlsplit(address).netloc}/_stcore/stream", subprotocols=["streamlit"], max_size=None, origin=address
        )
        return cls(socket)

    async def run(self, page: str, query: str = "") -> float:
        """Run a page; seconds until its script has finished."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(self.socket.recv(), 60))
            if answer.WhichOneof("type") == "script_finished":
                return time.perf_counter() - start

    async def listen(self) -> None:
        """Read what comes, as an open page does."""
        async for _ in self.socket:
            pass

    async def close(self) -> None:
        await self.socket.close()


class Stream:
    """One page's event stream; counts what arrives."""

    def __init__(self) -> None:
        self.bytes, self.batches = 0, 0

    async def follow(self, address: str, path: str) -> None:
        """Read until it ends."""
        where = urlsplit(address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAccept: text/event-stream\r\n\r\n".encode())
        try:
            while content := await reader.read(1 << 16):
                self.bytes += len(content)
                self.batches += 1
        finally:
            writer.close()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
