"""Whether this task has a transaction open; apart from `kit.database`, for services that reach no database."""

from contextvars import ContextVar

is_open: ContextVar[bool] = ContextVar("learnflow_transaction_is_open", default=False)


class CallInsideTransactionError(RuntimeError):
    """A model or HTTP call was tried inside a transaction: it would stall every reader of the log."""


def forbid_inside_transaction(what: str) -> None:
    """Raise if a transaction is open in this task; every call that leaves the process asks first."""
    if is_open.get():
        raise CallInsideTransactionError(f"{what} inside a transaction")
