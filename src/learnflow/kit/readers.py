"""In which language somebody reads: the one that stands on their account."""

from uuid import UUID

from learnflow.curriculum.translations import SOURCE_LANGUAGE
from learnflow.kit.database import Database


async def language_of(database: Database, user_id: UUID) -> str:
    """The language tag of a user; English for whoever has no account, as a service."""
    rows = await database.look("select language from users where id = $1", user_id)
    return rows[0]["language"] if rows else SOURCE_LANGUAGE
