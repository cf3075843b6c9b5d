"""One question from end to end, asked where the pages are: `python - [ADDRESS] <deploy/question.py`."""

import json
import sys
import urllib.request

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3000"


def post(path: str, body: dict[str, str], **headers: str) -> dict[str, object]:
    request = urllib.request.Request(
        f"{ADDRESS}/api/v1{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.load(answer))


token = post("/auth/guest", {})["access_token"]
asked = post("/query", {"query": "How do for loops work?"}, Authorization=f"Bearer {token}", Prefer="wait=10")
answer = asked.get("answer")
if not isinstance(answer, dict) or not answer.get("answer"):
    sys.exit(f"no answer within ten seconds: {asked}")
print(str(answer["answer"]).splitlines()[0])
