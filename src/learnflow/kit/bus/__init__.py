"""Events from one service to another, written with the transaction that caused them."""

from learnflow.kit.bus.base import BatchHandler, Bus, Event, Handler, new_event
from learnflow.kit.bus.make import make_bus

__all__ = ["BatchHandler", "Bus", "Event", "Handler", "make_bus", "new_event"]
