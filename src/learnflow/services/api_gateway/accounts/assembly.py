"""Builds the accounts and everything that signs and verifies tokens, for `app.py` and for the command line."""

from collections.abc import Callable
from dataclasses import dataclass

from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.passwords import PasswordCost, Passwords
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.signing import SigningKeys
from learnflow.kit.tokens import TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.services.api_gateway.accounts.known_devices import KnownDevices
from learnflow.services.api_gateway.accounts.mail import AccountMail
from learnflow.services.api_gateway.accounts.messages_repository import MessagesRepository
from learnflow.services.api_gateway.accounts.password_check import PasswordCheck, SignInLimits
from learnflow.services.api_gateway.accounts.password_reset import PasswordReset
from learnflow.services.api_gateway.accounts.registration import Registration, RegistrationLimits
from learnflow.services.api_gateway.accounts.repository import AccountsRepository
from learnflow.services.api_gateway.accounts.service import Accounts
from learnflow.services.api_gateway.classes.repository import ClassesRepository
from learnflow.services.api_gateway.classes.service import Classes
from learnflow.services.api_gateway.privacy.consents import Consents
from learnflow.services.api_gateway.privacy.consents_repository import ConsentsRepository
from learnflow.services.api_gateway.privacy.erasure import Erasure
from learnflow.services.api_gateway.privacy.erasure_repository import ErasureRepository
from learnflow.services.api_gateway.privacy.repository import PrivacyRepository
from learnflow.services.api_gateway.privacy.service import Privacy
from learnflow.services.api_gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class AccountParts:
    """What belongs together; `revocations` is a part to be started after `wakeups`."""

    accounts: Accounts
    classes: Classes
    registration: Registration
    reset: PasswordReset
    consents: Consents
    erasure: Erasure
    privacy: Privacy
    keys: SigningKeys
    revocations: Revocations
    verifier: TokenVerifier
    vault: Vault
    master_key: bytes
    database: Database
    public_url: str
    mail: Callable[[Invoker], AccountMail]


def build_accounts(settings: Settings, database: Database, wakeups: Wakeups) -> AccountParts:
    """Accounts on this database; MasterKeyError when the master key cannot be read."""
    master_key = load_master_key(settings)
    vault = Vault(database, master_key)
    keys = SigningKeys(database, master_key)
    revocations = Revocations(database, wakeups)
    users, messages = AccountsRepository(database), MessagesRepository(database)
    passwords = Passwords(PasswordCost(memory_kib=settings.password_memory_kib, passes=settings.password_passes))
    devices = KnownDevices(master_key)
    check = PasswordCheck(database, users, vault, passwords, _sign_in_limits(settings), devices)
    accounts = Accounts(database, users, vault, passwords, check, keys, revocations, devices, demo=settings.demo)
    erasure = Erasure(database, ErasureRepository(database), users, vault, revocations)
    consent_rows = ConsentsRepository(database)
    consents = Consents(database, consent_rows, messages, vault, erasure)
    limits = RegistrationLimits(settings.guests_per_address, settings.registrations_per_address)
    classes = Classes(database, ClassesRepository(database), vault)
    registration = Registration(database, users, vault, passwords, accounts, consents, classes, limits)
    reset = PasswordReset(database, users, messages, vault, passwords, accounts, check, devices)

    public_url = settings.pages_url

    def mail(invoker: Invoker) -> AccountMail:
        return AccountMail(messages, users, consents, consent_rows, reset, vault, keys, invoker, public_url)

    verifier = TokenVerifier(keys, is_revoked=revocations.is_revoked)
    return AccountParts(
        accounts=accounts,
        classes=classes,
        registration=registration,
        reset=reset,
        consents=consents,
        erasure=erasure,
        privacy=Privacy(PrivacyRepository(database), users, accounts, erasure, vault),
        keys=keys,
        revocations=revocations,
        verifier=verifier,
        vault=vault,
        master_key=master_key,
        database=database,
        public_url=public_url,
        mail=mail,
    )


def _sign_in_limits(settings: Settings) -> SignInLimits:
    return SignInLimits(
        settings.sign_in_failures_per_account, settings.sign_in_failures_per_address, settings.sign_in_window_s
    )
