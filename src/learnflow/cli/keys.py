"""`keys`: the key that signs tokens, and the students' keys, which the ordinary backup leaves out."""

from pathlib import Path
from typing import Annotated

import typer

from learnflow.cli.accounts import say, with_accounts
from learnflow.cli.output import DataOption, JsonOption
from learnflow.runtime.errors import RuntimeProblem

EXAMPLE = "Example:  ./learnflow keys backup /safe/place/student-keys.jsonl"
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A file of keys")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Keys: rotate, back up, put back.", epilog=EXAMPLE, no_args_is_help=True)
    group.command("rotate", epilog="Example:  ./learnflow keys rotate")(rotate)
    group.command("backup", epilog=EXAMPLE)(backup)
    group.command("restore", epilog="Example:  ./learnflow keys restore /safe/place/student-keys.jsonl")(restore)
    app.add_typer(group, name="keys")


def rotate(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Sign tokens with a new key from now on. Nobody is signed out: the old one verifies until its last token ends."""
    kid = with_accounts(data, lambda parts: parts.keys.rotate())
    say({"kid": kid}, f"The new key is {kid}.", as_json=as_json)


def backup(file: FileArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Write the students' keys to a new file, each wrapped by the master key.

    Keep it apart from the database's backups. Nobody reads it without the master key: keep that in a third place.
    Whoever was erased since is in older files still, so write a new one often and delete the old ones.
    """
    from learnflow.kit.key_backup import back_up

    try:
        count = with_accounts(data, lambda parts: back_up(parts.database, file))
    except FileExistsError:
        raise RuntimeProblem(f"{file} is there already. Name a new file.") from None
    except FileNotFoundError:
        raise RuntimeProblem(f"There is no folder {file.parent}. Name another file.") from None
    say({"file": str(file), "keys": count}, f"{count} keys in {file}", as_json=as_json)


def restore(file: FileArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Put back the keys that are missing, after the database was restored. Whoever was erased stays erased."""
    from learnflow.kit.key_backup import KeyFileError, put_back

    try:
        count = with_accounts(data, lambda parts: put_back(parts.database, parts.master_key, file))
    except FileNotFoundError:
        raise RuntimeProblem(f"There is no file {file}.") from None
    except KeyFileError as error:
        raise RuntimeProblem(str(error)) from error
    say({"file": str(file), "restored": count}, f"{count} keys put back", as_json=as_json)
