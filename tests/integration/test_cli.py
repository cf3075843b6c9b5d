"""The commands against a running instance: what they print, and their exit codes."""

import json
from pathlib import Path

import httpx
import pytest

from learnflow import __version__
from learnflow.cli.main import MODULES
from tests.integration.conftest import Up, new_data_folder, run_command

OFF_BY_ONE = "names = ['Ada', 'Ben']\nfor i in range(3):\n    print(names[i])\n"


@pytest.mark.parametrize("command", MODULES)
def test_every_command_has_help_with_an_example(command: str) -> None:
    said = run_command(command, "--help")
    assert said.returncode == 0
    assert "Example:" in said.stdout


@pytest.mark.plan("P-CLI-exit-codes")
def test_a_wrong_call_is_exit_code_2_and_names_what_there_is() -> None:
    for words in (["nonsense"], ["serve", "nobody"], ["token"], ["events", "tail", "no.topic"], ["test", "nothing"]):
        said = run_command(*words)
        assert said.returncode == 2, words
        assert said.stdout == ""
        assert said.stderr


def test_the_version_is_printed_alone() -> None:
    said = run_command("--version")
    assert (said.returncode, said.stdout) == (0, f"LearnFlow {__version__}\n")


def test_a_data_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = run_command("up", "--data", str(tmp_path / "file"))
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "--data DIR" in said.stderr


def test_serve_without_a_database_is_one_sentence() -> None:
    said = run_command("serve", "triage")
    assert said.returncode == 1
    assert said.stderr.startswith("LEARNFLOW_DATABASE_URL is not set")


def test_commands_say_when_nothing_runs() -> None:
    nowhere = str(new_data_folder())
    for words in (["ask", "Hello?"], ["db", "check"], ["token", "--service", "triage"], ["seed"]):
        said = run_command(*words, "--data", nowhere)
        assert said.returncode == 1
        assert "./learnflow up" in said.stderr


@pytest.mark.plan("P-CLI-ask")
def test_a_question_is_answered_by_the_right_agent_and_its_way_can_be_followed(up: Up) -> None:
    asked = up.command("ask", "How do for loops work?", "--json")
    assert asked.returncode == 0, asked.stderr
    answered = json.loads(asked.stdout)
    assert answered["agent"] == "concepts"
    assert answered["answer"]["answer"]
    traced = up.command("trace", answered["query_id"], "--json")
    hops = json.loads(traced.stdout)["hops"]
    assert [hop["service"] for hop in hops][:2] == ["api-gateway", "triage"]
    assert any("answer_finished" in hop["type"] for hop in hops)


def test_a_question_about_code_goes_to_debug(up: Up, tmp_path: Path) -> None:
    program = tmp_path / "broken.py"
    program.write_text(OFF_BY_ONE)
    asked = up.command("ask", "why does this fail?", "--code", str(program), "--json")
    answered = json.loads(asked.stdout)
    assert answered["agent"] == "debug"
    assert answered["answer"]["hint_level"] == 1


def test_an_unknown_question_has_no_trace(up: Up) -> None:
    traced = up.command("trace", "00000000-0000-4000-8000-000000000000")
    assert traced.returncode == 1


def test_a_program_runs_in_the_sandbox(up: Up, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("print(6 * 7)\n")
    bad.write_text("print(unknown)\n")
    ran = up.command("run", str(good))
    assert (ran.returncode, ran.stdout) == (0, "42\n")
    assert "isolation" in ran.stderr
    assert up.command("run", str(bad)).returncode == 1
    assert up.command("run", str(tmp_path / "missing.py")).returncode == 2


def test_tokens_are_printed_alone(up: Up) -> None:
    for words in (["--service", "triage"], ["--user", "student@demo.learnflow.example"]):
        said = up.command("token", *words)
        assert said.returncode == 0, said.stderr
        assert said.stdout.strip().count(".") == 2
    assert up.command("token", "--user", "nobody@demo.learnflow.example").returncode == 1


@pytest.mark.plan("P-CLI-operation")
def test_status_doctor_and_the_schema_are_fine(up: Up) -> None:
    status = json.loads(up.command("status", "--json").stdout)
    assert status["ready"]
    doctor = up.command("doctor", "--json")
    assert doctor.returncode == 0, doctor.stdout
    assert json.loads(up.command("db", "check", "--json").stdout) == {"pending": []}
    assert up.command("db", "upgrade").stdout.strip() == "Nothing to do."


@pytest.mark.plan("P-CLI-rebuild")
def test_mastery_is_made_anew_while_the_services_run(up: Up) -> None:
    done = up.command("db", "rebuild-progress", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["students"] >= 0
    assert up.command("db", "rebuild-progress", "--student", "me").returncode == 2


def test_a_class_is_seeded_once(up: Up) -> None:
    first = json.loads(up.command("seed", "--class", "2", "--json").stdout)
    again = json.loads(up.command("seed", "--class", "2", "--json").stdout)
    assert len(first["accounts"]) == 4
    assert again["made"] == 0
    assert again["class_code"] == first["class_code"]
    assert up.command("token", "--user", "student2@demo.learnflow.example").returncode == 0


def test_the_demo_teacher_teaches_the_demo_students(up: Up) -> None:
    up.command("seed", "--class", "2")
    tokens = {name: up.command("token", "--user", f"{name}@demo.learnflow.example").stdout.strip()
              for name in ("teacher", "student")}  # fmt: skip
    url = up.facts()["addresses"]["api-gateway"] + "/api/v1"
    headers = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    (taught,) = httpx.get(f"{url}/classes", headers=headers["teacher"], trust_env=False).json()["items"]
    (joined,) = httpx.get(f"{url}/classes", headers=headers["student"], trust_env=False).json()["items"]
    assert (joined["id"], joined["name"], joined["state"]) == (taught["id"], "Demo class", "joined")
    assert f"Demo class: {taught['class_code']}" in up.said()
    seen = httpx.get(f"{url}/teacher/classes/{taught['id']}/students", headers=headers["teacher"], trust_env=False)
    assert {"Sam Student", "Ada Abara", "Ben Abara"} <= {each["name"] for each in seen.json()["items"]}
    assert seen.json()["missing"] == []


def test_events_are_shown_without_what_the_student_wrote(up: Up) -> None:
    assert up.command("ask", "What is a xylophonequestion list?").returncode in {0, 1}
    tail = up.command("events", "tail", "-n", "30", "--json")
    assert json.loads(tail.stdout)
    assert "xylophonequestion" not in tail.stdout
    assert json.loads(up.command("events", "dead-letters", "--json").stdout) == []
    assert json.loads(up.command("events", "replay", "debug.requests", "--json").stdout)["sent"] == 0


def test_logs_of_one_service_and_of_an_unknown_one(up: Up) -> None:
    assert "service.started" in up.command("logs", "triage", "-n", "500").stdout
    assert up.command("logs", "nobody").returncode == 2


def test_settings_are_shown_with_their_origin_and_without_secrets() -> None:
    shown = run_command("config", "--json", LEARNFLOW_LOG_LEVEL="debug", LEARNFLOW_SERVICE_SECRET="not-to-be-seen")
    rows = {row["variable"]: row for row in json.loads(shown.stdout)}
    assert rows["LEARNFLOW_LOG_LEVEL"]["from"] == "environment"
    assert rows["LEARNFLOW_BUS"]["from"] == "default"
    assert "not-to-be-seen" not in shown.stdout


def test_a_setting_that_does_not_fit_is_named() -> None:
    said = run_command("config", LEARNFLOW_POOL_SIZE="many")
    assert said.returncode == 1
    assert "pool_size" in said.stderr
