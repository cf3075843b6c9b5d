"""Where an instance lives, and that only one runs in a place."""

import os
import socket
from pathlib import Path

import pytest

from learnflow.contracts.services import TRIAGE
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import Instance, find_instance
from learnflow.runtime.ports import bind_all, holder_of


def test_the_folder_is_data_then_the_variable_then_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LEARNFLOW_DATA", raising=False)
    assert find_instance().data.name == ".learnflow"
    monkeypatch.setenv("LEARNFLOW_DATA", str(tmp_path / "variable"))
    assert find_instance().data == tmp_path / "variable"
    assert find_instance(tmp_path / "option").data == tmp_path / "option"


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "data")
    first, second = instance.prepare(), instance.prepare()
    assert first == second
    for path in (instance.data / "secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert len(first.role_secret) >= 32


def test_a_second_holder_is_told_who_was_first(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.prepare()
    lock = instance.lock()
    instance.write({"pid": 4711, "addresses": {"triage": "http://127.0.0.1:1"}})
    assert instance.is_running()
    with pytest.raises(RuntimeProblem, match=r"already runs.*4711"):
        instance.lock()
    os.close(lock)
    assert not instance.is_running()


def test_a_torn_instance_file_reads_as_nothing(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.prepare()
    instance.file.write_text('{"pid": ')
    assert instance.read() == {}


def test_a_taken_port_names_its_holder_and_gives_the_others_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeProblem, match=rf"(?s)process {os.getpid()}.*--port-offset") as refused:
            bind_all([TRIAGE], lambda _: "127.0.0.1", port - TRIAGE.port)
        assert "triage" in str(refused.value)
        assert holder_of(port) is not None
