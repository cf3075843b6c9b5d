"""What is known of a student in the shapes of the answers."""

from dataclasses import asdict
from uuid import UUID

from learnflow.services.progress.mastery import Components
from learnflow.services.progress.overview import ModuleStanding, TopicStanding
from learnflow.services.progress.schemas import (
    ExerciseTally,
    ModuleAnswer,
    ModuleSummary,
    Parts,
    Passed,
    ProgressAnswer,
    Runs,
    StreakOfDays,
    SummaryAnswer,
    TopicAnswer,
    TopicSummary,
)
from learnflow.services.progress.service import Summary
from learnflow.services.progress.summary import Standing


def progress_view(user_id: UUID, standing: Standing) -> ProgressAnswer:
    """All about one student."""
    return ProgressAnswer(
        user_id=user_id,
        questions_asked=standing.questions,
        concepts_explained=list(standing.concepts),
        runs=Runs(ok=standing.runs_ok, failed=standing.runs_failed),
        hints=dict(standing.hints),
        exercises=Passed(passed=standing.passed, unaided=standing.unaided),
        active_days=standing.active_days,
        active_days_last_30=standing.active_days_last_30,
        streak=StreakOfDays(current=standing.streak.current, longest=standing.streak.longest),
        modules=[_module(module, standing) for module in standing.modules],
    )


def parts_view(parts: Components) -> Parts:
    """Components to two places; mastery was worked out from the exact ones."""
    return Parts(**{name: round(score, 2) for name, score in asdict(parts).items()})


def _module(module: ModuleStanding, standing: Standing) -> ModuleAnswer:
    return ModuleAnswer(
        id=module.id,
        title=module.title,
        mastery=module.shown,
        level=module.level.name,
        color=module.level.color,
        topics=[_topic(topic, standing) for topic in module.topics],
    )


def _topic(topic: TopicStanding, standing: Standing) -> TopicAnswer:
    return TopicAnswer(
        id=topic.id,
        title=topic.title,
        mastery=topic.shown,
        level=topic.level.name,
        color=topic.level.color,
        components=parts_view(topic.components),
        started=topic.started,
        exercises=ExerciseTally(**asdict(topic.tally)),
        misconceptions=list(standing.mistakes.get(topic.id, ())),
        not_passed=list(standing.not_passed.get(topic.id, ())),
    )


def summary_view(summary: Summary) -> SummaryAnswer:
    """One student in short."""
    return SummaryAnswer(
        user_id=summary.user_id,
        modules=[ModuleSummary(id=one.id, mastery=one.shown, level=one.level.name) for one in summary.modules],
        topics=[
            TopicSummary(id=one.id, mastery=one.shown, level=one.level.name, started=one.started)
            for module in summary.modules
            for one in module.topics
        ],
        last_active=summary.last_active,
        streak=summary.streak.current,
    )
