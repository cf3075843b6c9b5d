"""One e-mail over SMTP; the only file that imports the SMTP library."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib

from learnflow.contracts.errors import LearnFlowError, Unavailable

WITHIN_S = 15.0
_PORTS = {"smtp": 587, "smtps": 465}


class NeverTaken(LearnFlowError):
    """The server refuses this e-mail for good: trying again would change nothing."""

    code = "mail_refused"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where e-mails go; anything but loopback is reached over TLS."""

    host: str
    port: int
    is_tls: bool
    username: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, url: str) -> "SmtpServer":
        """From `smtp://user:password@host:port` or `smtps://...`; ValueError says what is wrong."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("LEARNFLOW_NOTIFICATION_SMTP_URL is no smtp:// or smtps:// address with a host.")
        return cls(
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            parts.scheme == "smtps",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )

    @property
    def is_here(self) -> bool:
        """Whether what is sent stays on this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    async def send(self, message: EmailMessage) -> None:
        """Hand it over; NeverTaken when it is refused for good, else Unavailable."""
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                use_tls=self.is_tls,
                start_tls=not self.is_tls and not self.is_here,
                username=self.username,
                password=self.password,
                timeout=WITHIN_S,
            )
        except aiosmtplib.SMTPException as error:
            if _is_final(error):
                raise NeverTaken("The mail server refuses this e-mail.") from error
            raise Unavailable("The mail server does not take e-mails now.") from error
        except (OSError, ValueError) as error:
            raise Unavailable("The mail server does not answer.") from error


def written(sender: str, receiver: str, title: str, text: str) -> EmailMessage:
    """A plain e-mail; line breaks in the title become blanks, so that it stays one header."""
    message = EmailMessage()
    try:
        message["From"], message["To"] = sender, receiver
    except (ValueError, IndexError) as error:
        raise NeverTaken("This is no e-mail address.") from error
    message["Subject"] = " ".join(title.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="learnflow.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text + "\n")
    return message


def _is_final(error: aiosmtplib.SMTPException) -> bool:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in error.recipients)
    # a wrong password is the operator's to mend, and the e-mail waits for it
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return False
    return isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 500
