"""The manifests that follow from the tables of services, calls and topics; `tools.reference` writes and compares."""
