"""A small SMTP server for tests: takes e-mails, or answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_string, policy
from email.message import EmailMessage


@dataclass
class SmtpInbox:
    """What arrived; `answers` are given to RCPT in turn before it says yes, as `451 later`."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    tried: int = 0
    received: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.received) < count:  # noqa: ASYNC110 - filled by the server's own tasks
                await asyncio.sleep(0.01)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        receiver = ""
        writer.write(b"220 inbox\r\n")
        while line := (await reader.readline()).decode().strip():
            word = line.split(" ")[0].split(":")[0].upper()
            if word == "DATA":
                writer.write(b"354 go on\r\n")
                text = (await reader.readuntil(b"\r\n.\r\n")).decode()[:-5].replace("\r\n", "\n")
                self.received.append((receiver, message_from_string(text, policy=policy.default)))
            if word == "RCPT":
                receiver, self.tried = line[9:-1], self.tried + 1
            refusal = self.answers.pop(0) if word == "RCPT" and self.answers else ""
            writer.write(refusal.encode() + b"\r\n" if refusal else b"250 ok\r\n")
            if word == "QUIT":
                break
        writer.close()


@asynccontextmanager
async def smtp_inbox() -> AsyncIterator[SmtpInbox]:
    """A server on a free loopback port."""
    inbox = SmtpInbox()
    server = await asyncio.start_server(inbox.serve, "127.0.0.1", 0)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()
        await server.wait_closed()
