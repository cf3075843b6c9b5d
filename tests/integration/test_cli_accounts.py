"""The commands about accounts and keys, against a running instance."""

import json
import re
from pathlib import Path

import pytest

from tests.integration.conftest import Up, run_command

PASSWORD = "an operator's own password"


def make_admin(up: Up, email: str) -> None:
    made = up.command("users", "create-admin", email, "--name", "Olga Operator", stdin=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr


@pytest.mark.plan("P-CLI-accounts")
def test_an_admin_is_made_exported_and_erased(up: Up, tmp_path: Path) -> None:
    email = "olga@school.example"
    make_admin(up, email)
    again = up.command("users", "create-admin", email, "--name", "Olga", stdin=f"{PASSWORD}\n")
    assert (again.returncode, again.stdout) == (1, "")
    exported = up.command("export-user", email)
    assert exported.returncode == 0, exported.stderr
    account = json.loads(exported.stdout)["account"]
    assert (account["email"], account["role"]) == (email, "admin")
    refused = up.command("delete-user", email, stdin="somebody@else.example\n")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert up.command("delete-user", email, "--yes").returncode == 0
    assert up.command("delete-user", email, "--yes").returncode == 1
    assert up.command("export-user", email).returncode == 1


def test_a_short_password_makes_no_admin(up: Up) -> None:
    said = up.command("users", "create-admin", "otto@school.example", "--name", "Otto", stdin="short\n")
    assert (said.returncode, said.stdout) == (1, "")


def test_a_student_sees_that_the_operator_looked(up: Up) -> None:
    email = "student@demo.learnflow.example"
    assert up.command("export-user", email).returncode == 0
    records = json.loads(up.command("export-user", email).stdout)["access_records"]
    assert ("The operator of this platform", "export") in [(each["viewer_name"], each["what"]) for each in records]


@pytest.mark.plan("P-CLI-accounts")
def test_an_invitation_and_a_reset_link_are_printed_alone(up: Up) -> None:
    code = up.command("users", "invite-teacher")
    assert re.fullmatch(r"([A-Z2-9]{5}-){3}[A-Z2-9]{5}\n", code.stdout), code.stderr
    link = json.loads(up.command("users", "reset-link", "student@demo.learnflow.example", "--json").stdout)["link"]
    assert "/reset-password#token=" in link
    for command in ("reset-link", "consent-link"):
        unknown = up.command("users", command, "nobody@school.example")
        assert (unknown.returncode, unknown.stdout) == (1, "")


@pytest.mark.plan("P-CLI-keys")
def test_keys_rotate_and_are_backed_up_and_put_back(up: Up, tmp_path: Path) -> None:
    assert up.command("keys", "rotate").returncode == 0
    file = tmp_path / "keys.jsonl"
    backed_up = json.loads(up.command("keys", "backup", str(file), "--json").stdout)
    assert backed_up["keys"] >= 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert up.command("keys", "backup", str(file)).returncode == 1
    assert json.loads(up.command("keys", "restore", str(file), "--json").stdout)["restored"] == 0
    assert up.command("token", "--user", "student@demo.learnflow.example").returncode == 0
    file.write_text("not keys")
    wrong = up.command("keys", "restore", str(file))
    assert (wrong.returncode, wrong.stdout) == (1, "")


def test_wrong_calls_are_exit_code_2() -> None:
    for words in (
        ["users", "nonsense"],
        ["users", "invite-teacher", "--days", "0"],
        ["export-user"],
        ["keys", "backup"],
    ):
        assert run_command(*words).returncode == 2, words
