"""The services: a folder each, all alike, and none imports another."""
