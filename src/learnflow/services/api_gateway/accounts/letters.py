"""What the e-mails about accounts say."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice for `user_id`; `email` is another address that it goes to instead, a guardian's."""

    user_id: UUID
    title: str
    message: str
    email: str | None = None

    def as_request(self) -> dict[str, str]:
        """The body of POST /notifications/publish."""
        body = {"user_id": str(self.user_id), "kind": "account", "title": self.title, "message": self.message}
        return body if self.email is None else {**body, "email": self.email}


def reset_letter(user_id: UUID, link: str) -> Letter:
    """To whoever forgot a password."""
    return Letter(
        user_id,
        "Set a new LearnFlow password",
        "Somebody, probably you, asked for a new password. Open this link within an hour to set one:\n\n"
        f"{link}\n\nIf it was not you, you need do nothing: your password stays as it is.",
    )


def consent_letter(student_id: UUID, guardian: str, name: str, link: str, *, again: bool) -> Letter:
    """To a child's guardian: the first question, or the second confirmation."""
    if again:
        title = f"Please confirm once more: LearnFlow for {name}"
        text = (
            f"You agreed that {name} may use LearnFlow. Open this link to confirm it, and to say whether a language "
            f"model may see what {name} writes. That is a choice of its own; LearnFlow works without it.\n\n{link}\n\n"
            "Keep this e-mail: with the same link you can take your consent back at any time, and everything is erased."
        )
    else:
        title = f"{name} would like to learn Python with LearnFlow"
        text = (
            f"{name} is under 13 and needs the consent of a parent or guardian. LearnFlow keeps a name, an e-mail "
            "address, and the questions, programs and answers of lessons, all encrypted, for learning and for the "
            f"child's own teachers. Open this link to agree or to refuse:\n\n{link}\n\n"
            "If you do nothing, everything is erased after 14 days."
        )
    return Letter(student_id, title, text, guardian)
