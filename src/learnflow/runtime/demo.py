"""The demo class: who is in it, and the password that all of them have."""

from dataclasses import dataclass
from typing import Literal

DEMO_PASSWORD = "learn-python-2026"  # noqa: S105 - everybody may know it: demo accounts exist on loopback only
CLASS_NAME = "Demo class"
FIRST_NAMES = ("Ada", "Ben", "Chen", "Dana", "Elif", "Femi", "Gita", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Malik")
LAST_NAMES = ("Abara", "Bauer", "Costa", "Diaz", "Evans", "Fischer", "Gupta", "Haddad", "Ito", "Jansen", "Kim")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One of the accounts that `up` shows; all have the same password."""

    email: str
    name: str
    role: Literal["student", "teacher"]
    password: str = DEMO_PASSWORD


STUDENT = DemoAccount("student@demo.learnflow.example", "Sam Student", "student")
TEACHER = DemoAccount("teacher@demo.learnflow.example", "Tess Teacher", "teacher")
DEMO_ACCOUNTS = (STUDENT, TEACHER)


def class_of(students: int) -> list[DemoAccount]:
    """As many students as asked for, the same ones each time."""
    names = [f"{first} {last}" for last in LAST_NAMES for first in FIRST_NAMES]
    return [
        DemoAccount(f"student{number}@demo.learnflow.example", names[(number - 1) % len(names)], "student")
        for number in range(1, students + 1)
    ]
