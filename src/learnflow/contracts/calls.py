"""Who calls whom by service invocation (product.md 1): what networks and access lists let through."""

from learnflow.contracts.services import (
    API_GATEWAY,
    CODE_EXECUTION,
    CODE_REVIEW,
    CONCEPTS,
    COURSE_AGENT,
    DEBUG,
    EXERCISE,
    NOTIFICATION,
    PROGRESS,
    SERVICES,
    WEB,
    WEBSOCKET,
    Service,
)

_CALLS: dict[Service, tuple[Service, ...]] = {
    API_GATEWAY: (
        CONCEPTS,
        COURSE_AGENT,
        CODE_REVIEW,
        DEBUG,
        EXERCISE,
        PROGRESS,
        CODE_EXECUTION,
        NOTIFICATION,
    ),
    CONCEPTS: (CODE_EXECUTION,),
    COURSE_AGENT: (PROGRESS,),
    CODE_REVIEW: (EXERCISE, CODE_EXECUTION),
    DEBUG: (CODE_EXECUTION,),
    EXERCISE: (CODE_EXECUTION,),
    WEB: (WEBSOCKET,),
}


def calls(service: Service) -> tuple[Service, ...]:
    """Whom it calls, in the order of the table; every service asks the gateway for keys and tokens."""
    called = {API_GATEWAY, *_CALLS.get(service, ())} - {service}
    return tuple(other for other in SERVICES.values() if other in called)


def callers(service: Service) -> tuple[Service, ...]:
    """Who calls it, in the order of the table."""
    return tuple(other for other in SERVICES.values() if service in calls(other))
