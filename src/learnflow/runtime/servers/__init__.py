"""Servers of other people beside our services: a broker, sidecars, a Kubernetes API for the tests.

`recipe.Recipe` fetches or builds one and keeps it in a cache outside the checkout; `program.Program` runs it as a
child that never outlives us; `kafka.KafkaServer` is made of the two and shows how the others are made.
"""
