"""What `up` accepts, and what each service is told."""

from pathlib import Path

import pytest

from learnflow.contracts.services import CODE_EXECUTION, DEBUG, SERVICES, TRIAGE, WEB, Service
from learnflow.kit.serve import Factory
from learnflow.kit.settings import ServiceSettings
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.options import Options, choose_services
from learnflow.runtime.secrets import InstanceSecrets
from learnflow.runtime.wiring import Wiring

OWNER_DSN = "postgresql://learnflow:owner-password@127.0.0.1:5432/learnflow"


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return Wiring(Options(), InstanceSecrets("role-secret", tmp_path / "master.key"), OWNER_DSN, OWNER_DSN)


def test_only_names_services_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_services("debug, triage") == (TRIAGE, DEBUG)
    monkeypatch.setitem(SERVICES, "later", Service("later", 8199, "named by the plan alone"))
    with pytest.raises(RuntimeProblem, match="not built yet"):
        choose_services("later")
    with pytest.raises(RuntimeProblem, match="no service of that name"):
        choose_services("nobody")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::"])
def test_demo_accounts_stay_on_loopback(host: str) -> None:
    with pytest.raises(RuntimeProblem, match="--no-demo"):
        Options(host=host)
    assert Options(host=host, demo=False).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::"])
def test_the_network_meets_the_pages_and_no_other_service(host: str) -> None:
    options = Options(host=host, demo=False)
    assert options.listens_on(WEB) == host
    assert {options.listens_on(service) for service in options.services if service != WEB} == {"127.0.0.1"}
    assert options.own_host == "127.0.0.1"


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(RuntimeProblem, match="log, kafka"):
        Options(bus="pigeon")


def test_this_machine_reaches_itself_where_everybody_is_let_in() -> None:
    options = Options(host="0.0.0.0", demo=False, port_offset=5)
    assert options.address(TRIAGE) == "http://127.0.0.1:8105"


@pytest.mark.parametrize("replicas", [1, 2, 8])
def test_all_pools_together_fit_into_postgresql(replicas: int) -> None:
    options = Options(replicas=replicas)
    assert 2 <= options.pool_size <= 6
    if replicas <= 4:
        assert options.pool_size * len(options.services) * replicas <= 100


def test_each_service_gets_its_own_role_and_secret_and_never_the_owners(wiring: Wiring) -> None:
    told = wiring.overrides(TRIAGE)
    assert told["database_url"].startswith("postgresql://lf_triage:")
    assert "owner-password" not in str(told)
    assert told["service_secret"] != wiring.overrides(DEBUG)["service_secret"]


def test_a_service_without_database_is_told_no_secret(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEARNFLOW_DATABASE_URL", OWNER_DSN)
    monkeypatch.setenv("LEARNFLOW_SERVICE_SECRET", "a-secret-of-somebody")

    def create(settings: ServiceSettings) -> object:
        return settings

    factory = Factory(CODE_EXECUTION, ServiceSettings, create)  # type: ignore[arg-type]  # nothing is created here
    written = str(wiring.written_out(factory))
    for secret in ("owner-password", "role-secret", "a-secret-of-somebody", "master.key"):
        assert secret not in written
