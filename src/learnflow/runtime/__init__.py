"""What makes an instance run: PostgreSQL, migrations, processes, ports, secrets."""
