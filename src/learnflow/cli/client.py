"""The running instance as the other commands see it: its addresses, and calls with a token."""

from pathlib import Path
from typing import Any

import httpx

from learnflow.contracts.services import API_GATEWAY, SERVICES
from learnflow.kit.service_accounts import service_secret
from learnflow.runtime.demo import STUDENT, DemoAccount
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import Instance, find_instance


class RunningInstance:
    """Reads instance.json and talks HTTP to what it names."""

    def __init__(self, data: Path | None) -> None:
        self.instance: Instance = find_instance(data)
        self.facts = self.instance.read()
        if not self.facts or not self.instance.is_running():
            raise RuntimeProblem(
                f"No LearnFlow runs on {self.instance.data}. Start it: ./learnflow up --data {self.instance.data}"
            )

    def address(self, name: str) -> str:
        addresses: dict[str, str] = self.facts["addresses"]
        if name not in addresses:
            raise RuntimeProblem(f"{name} does not run here. There are: {', '.join(addresses)}.")
        return addresses[name]

    def call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: object = None,
        timeout_s: float = 30,
        **headers: str,
    ) -> Any:
        """The JSON answer; a RuntimeProblem with the service's own sentence for anything but 2xx."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            answer = httpx.request(method, self.address(name) + path, json=json, headers=headers, timeout=timeout_s)
        except httpx.HTTPError as error:
            raise RuntimeProblem(f"{name} does not answer ({type(error).__name__}): see ./learnflow doctor") from error
        if not answer.is_success:
            raise RuntimeProblem(_sentence(name, answer))
        return answer.json() if answer.content else None

    def sign_in(self, account: DemoAccount = STUDENT) -> str:
        """An access token by way of the public API."""
        if not self.facts.get("demo"):
            raise RuntimeProblem("This instance has no demo accounts (--no-demo).")
        body = {"email": account.email, "password": account.password}
        return str(self.call(API_GATEWAY.name, "POST", "/api/v1/auth/login", json=body)["access_token"])

    def service_token(self, name: str) -> str:
        """A token of the service's own account."""
        if name not in SERVICES:
            raise RuntimeProblem(f"{name} is no service. There are: {', '.join(SERVICES)}.")
        role_secret = Path(self.facts["files"]["role_secret"]).read_text().strip()
        body = {"service": name, "secret": service_secret(role_secret, name)}
        return str(self.call(API_GATEWAY.name, "POST", "/api/v1/auth/service-token", json=body)["access_token"])


def _sentence(name: str, answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{name} answered {answer.status_code} {problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{name} answered {answer.status_code}"
