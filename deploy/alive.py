"""What /health and /ready of one service answer, a line each: `python - ADDRESS <deploy/alive.py`."""

import sys
import urllib.error
import urllib.request

for path in ("health", "ready"):
    try:
        with urllib.request.urlopen(f"{sys.argv[1]}/{path}", timeout=5) as answer:
            print(path, answer.status)
    except urllib.error.HTTPError as error:
        print(path, error.code, error.read().decode()[:200])
    except OSError as error:
        print(path, error)
