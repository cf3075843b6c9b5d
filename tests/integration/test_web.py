"""The pages' server without a browser: files, and everything that is passed on, both ways."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import websockets

from learnflow.kit.app import MAX_BODY_BYTES
from tests.integration.web_upstream import Site, site


@pytest.fixture
async def web() -> AsyncIterator[Site]:
    async with site() as found:
        yield found


@pytest.fixture
async def http(web: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{web.url}", trust_env=False, timeout=10) as client:
        yield client


async def test_the_page_is_asked_for_anew_and_its_files_never(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-cache"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    script = page.text.split('src="')[1].split('"')[0]
    asset = await http.get("/" + script)
    assert asset.headers["content-type"].startswith("text/javascript")
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-encoding"] == "gzip"
    again = await http.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_page_names_no_other_origin(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<style" not in page.text
    assert "style=" not in page.text


@pytest.mark.parametrize("path", ["/reset-password", "/consent"])
async def test_the_links_of_letters_open_the_page(http: httpx.AsyncClient, path: str) -> None:
    page = await http.get(path)
    assert (page.status_code, page.text) == (200, (await http.get("/")).text)
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/assets/old/main.js", "/assets/x/../app.py", "/nothing", "/assets/%2e%2e/app.py"])
async def test_what_is_no_file_of_the_page_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_request_reaches_the_gateway_as_it_was_written(http: httpx.AsyncClient, method: str) -> None:
    body = b"" if method in {"GET", "DELETE"} else b'{"a": "\xc3\xa4"}'
    answer = await http.request(method, "/api/v1/echo/a%2Fb%20c?q=1&q=%26", content=body)
    seen = answer.json()
    assert answer.status_code == 207
    assert seen["method"] == method
    assert seen["target"] == "/api/v1/echo/a%2Fb%20c?q=1&q=%26"
    assert seen["body"] == body.decode()


async def test_what_a_browser_says_of_itself_is_not_believed(http: httpx.AsyncClient) -> None:
    claimed = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Real-IP": "203.0.113.7",
        "Forwarded": "for=203.0.113.7",
        "Connection": "keep-alive, X-Mine",
        "X-Mine": "for this hop",
        "Proxy-Authorization": "Basic eA==",
        "TE": "trailers",
        "Authorization": "Bearer mine",
        "Cookie": "learnflow_refresh=mine",
    }
    seen = (await http.get("/api/v1/echo/x", headers=claimed)).json()
    headers = dict(seen["headers"])
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert seen["client"] == "127.0.0.1"
    assert {"x-real-ip", "forwarded", "x-mine", "proxy-authorization", "te"}.isdisjoint(headers)
    assert headers["authorization"] == "Bearer mine"
    assert headers["cookie"] == "learnflow_refresh=mine"


async def test_a_proxy_that_is_named_may_say_who_asks() -> None:
    async with site(trusted_proxies="127.0.0.1") as web, httpx.AsyncClient(trust_env=False) as http:
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        seen = (await http.get(f"http://{web.url}/api/v1/echo/x", headers=headers)).json()
    assert dict(seen["headers"])["x-forwarded-for"] == "203.0.113.7"
    assert dict(seen["headers"])["x-forwarded-proto"] == "https"


async def test_the_request_id_is_the_same_on_both_sides(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/echo/x", headers={"X-Request-Id": "from-the-page"})
    assert answer.headers.get_list("x-request-id") == ["from-the-page"]
    assert dict(answer.json()["headers"])["x-request-id"] == "from-the-page"


async def test_cookies_come_through_and_are_nobody_elses(web: Site, http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/echo/x", headers={"Origin": "https://elsewhere.example"})
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["learnflow_refresh", "second"]
    assert "Path=/api/v1/auth" in cookies[0]
    assert "HttpOnly" in cookies[0]
    assert "x-private" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    async with httpx.AsyncClient(trust_env=False) as other:
        seen = (await other.get(f"http://{web.url}/api/v1/echo/x")).json()
    assert "cookie" not in dict(seen["headers"])


@pytest.mark.plan("P-SVC-web")
async def test_a_stream_is_passed_on_as_it_comes(web: Site, http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/api/v1/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        chunks = answer.aiter_raw()
        assert await anext(chunks) == b"data: one\n\n"
        assert not web.upstream.left.is_set()
        web.upstream.release.set()
        assert await anext(chunks) == b"data: two\n\n"
        assert [chunk async for chunk in chunks] == []


async def test_a_browser_that_leaves_a_stream_ends_it_at_the_gateway(web: Site, http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/api/v1/stream") as answer:
        await anext(answer.aiter_raw())
    async with asyncio.timeout(5):
        await web.upstream.left.wait()


async def test_a_browser_that_leaves_before_the_answer_ends_the_question(web: Site, http: httpx.AsyncClient) -> None:
    asking = asyncio.create_task(http.get("/api/v1/slow"))
    await asyncio.sleep(0.2)
    assert not web.upstream.left.is_set()
    asking.cancel()
    async with asyncio.timeout(5):
        await web.upstream.left.wait()


async def test_a_body_streams_to_the_gateway_while_it_is_written(web: Site, http: httpx.AsyncClient) -> None:
    go_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        await go_on.wait()
        yield b"y" * 1000

    sending = asyncio.create_task(http.post("/api/v1/upload", content=body()))
    async with asyncio.timeout(5):
        while sum(web.upstream.chunks) < 1000:  # noqa: ASYNC110 - what is waited for happens in another task
            await asyncio.sleep(0.01)
    assert not sending.done()
    go_on.set()
    assert (await sending).json() == {"bytes": 2000}


async def test_a_browser_that_leaves_in_the_middle_of_its_body_ends_the_request(
    web: Site, http: httpx.AsyncClient
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        await asyncio.Event().wait()

    sending = asyncio.create_task(http.post("/api/v1/upload", content=body()))
    async with asyncio.timeout(5):
        while not web.upstream.chunks:  # noqa: ASYNC110 - what is waited for happens in another task
            await asyncio.sleep(0.01)
        sending.cancel()
        await web.upstream.left.wait()


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_body_that_is_too_large_is_refused(http: httpx.AsyncClient, is_declared: bool) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1024 + 2):
            yield b"x" * 1024

    content = b"x" * (MAX_BODY_BYTES + 1) if is_declared else body()
    answer = await http.post("/api/v1/upload", content=content)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


async def test_without_a_gateway_the_page_is_there_and_requests_are_asked_to_come_again(
    web: Site, http: httpx.AsyncClient
) -> None:
    await web.behind.aclose()
    assert (await http.get("/")).status_code == 200
    answer = await http.post("/api/v1/query", json={"query": "x"})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1


async def test_frames_go_both_ways(web: Site) -> None:
    claimed = {"X-Forwarded-For": "203.0.113.7"}
    async with websockets.connect(f"ws://{web.url}/ws/chat/me", proxy=None, additional_headers=claimed) as socket:
        await socket.send("täxt")
        assert await socket.recv() == "täxt"
        await socket.send(b"\x00\xff")
        assert await socket.recv() == b"\x00\xff"
    assert web.upstream.seen[0]["student_id"] == "me"
    assert web.upstream.seen[0]["headers"]["x-forwarded-for"] == "127.0.0.1"


async def test_the_services_close_code_reaches_the_browser(web: Site) -> None:
    async with websockets.connect(f"ws://{web.url}/ws/chat/me", proxy=None) as socket:
        await socket.send("end")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "Sign in again.")


async def test_the_browsers_close_code_reaches_the_service(web: Site) -> None:
    async with websockets.connect(f"ws://{web.url}/ws/chat/me", proxy=None) as socket:
        await socket.send("hello")
        await socket.recv()
        await socket.close(4000, "done")
    async with asyncio.timeout(5):
        assert await web.upstream.closed == 4000


async def test_a_browser_that_is_cut_off_leaves_no_socket_behind(web: Site) -> None:
    socket = await websockets.connect(f"ws://{web.url}/ws/chat/me", proxy=None)
    await socket.send("hello")
    await socket.recv()
    socket.transport.abort()
    async with asyncio.timeout(5):
        await web.upstream.closed


async def test_without_the_service_a_socket_is_asked_to_come_again(web: Site) -> None:
    await web.behind.aclose()
    async with websockets.connect(f"ws://{web.url}/ws/chat/me", proxy=None) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


async def test_a_service_that_goes_away_ends_its_sockets(web: Site) -> None:
    async with websockets.connect(f"ws://{web.url}/ws/chat/me", proxy=None) as socket:
        await socket.send(json.dumps({"type": "ping"}))
        await socket.recv()
        await web.behind.aclose()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
