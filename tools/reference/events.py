"""JSON Schema of every event, and AsyncAPI 3.0 of every topic, out of the contracts' own tables."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from learnflow import __version__
from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import EVENTS, Fact
from learnflow.contracts.services import SERVICES, Service
from learnflow.contracts.topics import TOPICS, Topic
from tools.reference.text import as_json, as_yaml

Document = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_documents() -> dict[str, str]:
    """File -> text: a schema per event type, and asyncapi.yaml."""
    schemas = {f"docs/reference/events/{name}.json": as_json(event_schema(fact)) for name, fact in EVENTS.items()}
    return schemas | {"docs/reference/asyncapi.yaml": as_yaml(asyncapi())}


def event_schema(fact: type[Fact]) -> Document:
    """The whole event as it travels: envelope and data, with its type fixed."""
    schema = CloudEvent[fact].model_json_schema()  # type: ignore[valid-type]  # the table is what makes the type
    schema["$schema"] = DIALECT
    schema["title"] = fact.__name__
    schema["description"] = cleandoc(fact.__doc__ or "")
    schema["properties"]["type"] = {"const": fact.event_type}
    schema["properties"]["data"] = {"$ref": f"#/$defs/{fact.__name__}"}
    schema["x-topic"] = fact.topic.name
    return schema


def asyncapi() -> Document:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "LearnFlow's topics",
            "version": __version__,
            "description": "CloudEvents 1.0 in JSON. The key of a message is the student's id, so that one student's "
            "events stay in order. Delivered at least once, every effect once.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()}
        | {topic.dead_letter: _dead_letters(topic) for topic in TOPICS.values()},
        "operations": _operations(),
        "components": {"messages": {fact.__name__: _message(fact) for fact in EVENTS.values()}},
    }


def _channel(topic: Topic) -> Document:
    facts = [fact for fact in EVENTS.values() if fact.topic == topic]
    return {
        "address": topic.name,
        "messages": {fact.__name__: {"$ref": f"#/components/messages/{fact.__name__}"} for fact in facts},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": _kept(topic)}},
    }


def _dead_letters(topic: Topic) -> Document:
    return {
        "address": topic.dead_letter,
        "description": f"Events of {topic.name} that a group could not handle in five attempts.",
        "messages": {},
    }


def _kept(topic: Topic) -> Document:
    return {"retention.ms": int(topic.kept_for.total_seconds() * 1000)}


def _message(fact: type[Fact]) -> Document:
    return {
        "name": fact.event_type,
        "title": fact.__name__,
        "summary": (fact.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": f"events/{fact.event_type}.json"},
    }


def _operations() -> Document:
    operations: Document = {}
    for service in SERVICES.values():
        for action, topics in (("receive", service.reads), ("send", service.writes)):
            for topic in topics:
                operations[f"{service.name}.{action}.{topic.name}"] = _operation(service, action, topic)
    return operations


def _operation(service: Service, action: str, topic: Topic) -> Document:
    built = "" if service.module else " (not built yet)"
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{service.name}{built}: {service.does}",
    }
