"""Builds the accounts and everything that signs and verifies tokens, for `app.py` and for the command line."""

from dataclasses import dataclass

from learnflow.kit.database import Database
from learnflow.kit.passwords import PasswordCost, Passwords
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.signing import SigningKeys
from learnflow.kit.tokens import TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.services.api_gateway.accounts import Accounts
from learnflow.services.api_gateway.accounts_repository import AccountsRepository
from learnflow.services.api_gateway.password_check import PasswordCheck, SignInLimits
from learnflow.services.api_gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class AccountParts:
    """What belongs together; `revocations` is a part to be started after `wakeups`."""

    accounts: Accounts
    keys: SigningKeys
    revocations: Revocations
    verifier: TokenVerifier
    vault: Vault
    master_key: bytes


def build_accounts(settings: Settings, database: Database, wakeups: Wakeups) -> AccountParts:
    """Accounts on this database; MasterKeyError when the master key cannot be read."""
    master_key = load_master_key(settings)
    vault = Vault(database, master_key)
    keys = SigningKeys(database, master_key)
    revocations = Revocations(database, wakeups)
    repository = AccountsRepository(database)
    passwords = Passwords(PasswordCost(memory_kib=settings.password_memory_kib, passes=settings.password_passes))
    limits = SignInLimits(
        settings.sign_in_failures_per_account, settings.sign_in_failures_per_address, settings.sign_in_window_s
    )
    check = PasswordCheck(database, repository, vault, passwords, limits)
    accounts = Accounts(database, repository, vault, passwords, check, keys, revocations, demo=settings.demo)
    verifier = TokenVerifier(keys, is_revoked=revocations.is_revoked)
    return AccountParts(accounts, keys, revocations, verifier, vault, master_key)
