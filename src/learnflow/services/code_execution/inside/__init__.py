"""What runs in the child: applied by itself before the student's program, with the standard library alone.

Nothing here imports a library or reads a secret: the child begins with an empty environment and is exec'd fresh.
"""
