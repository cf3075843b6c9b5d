"""`config`: each setting's value and where it comes from."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from learnflow.cli.main import ENV_FILE
from learnflow.cli.output import JsonOption, print_json, print_table, wrong_call
from learnflow.contracts.services import SERVICES, built_services
from learnflow.kit.serve import load
from learnflow.kit.settings import ServiceSettings
from learnflow.runtime.errors import RuntimeProblem

EXAMPLE = "Example:  ./learnflow config api-gateway"
OF_THE_RUNTIME = {
    "LEARNFLOW_DATA": ".learnflow in the checkout",
    "LEARNFLOW_VENV": ".venv in the checkout",
    "LEARNFLOW_PG_BIN": "the wheel's PostgreSQL",
    "LEARNFLOW_ROLE_SECRET_FILE": "secrets/roles.secret in the data",
}


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(config)


def config(
    name: Annotated[str | None, typer.Argument(help="A service; the shared settings otherwise", metavar="NAME")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print every setting, its value and its origin. Secrets are not shown."""
    rows = settings_rows(_settings_class(name))
    if name is None:
        rows += [_runtime_row(variable, default) for variable, default in OF_THE_RUNTIME.items()]
    if as_json:
        print_json(rows)
    else:
        print_table([tuple(row.values()) for row in rows], ("variable", "value", "from", "what it is"))


def _settings_class(name: str | None) -> type[ServiceSettings]:
    if name is None:
        return ServiceSettings
    if name not in SERVICES or SERVICES[name].module is None:
        wrong_call(f"{name}: no such service. There are: {', '.join(service.name for service in built_services())}.")
    return load(name).settings_class


def settings_rows(settings_class: type[ServiceSettings]) -> list[dict[str, str]]:
    """One row a field; a RuntimeProblem names the variables whose values do not fit."""
    try:
        values = settings_class()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise RuntimeProblem("\n".join(wrong)) from None
    from_file = dotenv_values(ENV_FILE) if Path(ENV_FILE).exists() else {}
    rows = []
    for field_name, field in settings_class.model_fields.items():
        variable = _variable(field_name, field)
        origin = "environment" if variable in os.environ else ENV_FILE if variable in from_file else "default"
        value = getattr(values, field_name)
        rows.append(_row(variable, "" if value is None else str(value), origin, field.description or ""))
    return rows


def _variable(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else f"LEARNFLOW_{name.upper()}"


def _runtime_row(variable: str, default: str) -> dict[str, str]:
    value = os.environ.get(variable)
    return _row(variable, value or default, "environment" if value else "default", "")


def _row(variable: str, value: Any, origin: str, what: str) -> dict[str, str]:
    return {"variable": variable, "value": str(value), "from": origin, "what": what}
