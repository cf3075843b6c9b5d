"""Accounts: signing up and in, sessions, passwords, guests, invitations."""
