"""What `up` prints once all is ready: what it runs on, where it is, who can sign in, and one thing to try."""

from typing import Any

from learnflow.contracts.services import API_GATEWAY, CODE_EXECUTION, WEB
from learnflow.runtime.demo import DEMO_ACCOUNTS, STUDENT
from learnflow.runtime.options import Options
from learnflow.runtime.readiness import ask


def summary(options: Options, facts: dict[str, Any]) -> str:
    """The whole text; asks code-execution for the level that its canary saw."""
    lines = [
        f"Bus       {facts['bus']}" + (f" on {facts['kafka']['servers']}" if "kafka" in facts else ""),
        "Tutor     built in (no model is asked)",
        f"Sandbox   {sandbox_level(options)}",
        f"Data      {facts['data']}",
        "",
        *(f"{name:<16} {address}" for name, address in facts["addresses"].items()),
        "",
    ]
    if WEB in options.services:
        lines += [f"Open      {options.address(WEB)}  in a browser"]
    if options.demo:
        lines += [f"Sign in   {account.email}  {account.password}  ({account.role})" for account in DEMO_ACCOUNTS]
        lines += ["Try       " + example_call(options, facts)]
    return "\n".join([*lines, "Stop with Ctrl+C."])


def sandbox_level(options: Options) -> str:
    """Level and layers in a line, as the sandbox itself reports them."""
    if CODE_EXECUTION not in options.services:
        return "not started"
    _, health = ask(options, CODE_EXECUTION, "/health")
    isolation = health.get("isolation") or {}
    layers = isolation.get("layers") or {}
    active = ", ".join(name for name, state in layers.items() if state == "active")
    return f"{isolation.get('level', 'unknown')}" + (f" ({active})" if active else "")


def example_call(options: Options, facts: dict[str, Any]) -> str:
    """One command that works when it is pasted into another terminal."""
    return (
        f"curl -s {options.address(API_GATEWAY)}/api/v1/query -H 'Content-Type: application/json' -H 'Prefer: wait=5' "
        f'-H "Authorization: Bearer $(./learnflow token --user {STUDENT.email} --data {facts["data"]})" '
        """-d '{"query": "How do for loops work?"}'"""
    )
