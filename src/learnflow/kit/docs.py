"""`/docs` with assets of its own: opens in a browser without network."""

from functools import cache
from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import Response

_ASSETS = {
    "swagger-ui-bundle.js": "application/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


@cache
def _asset(name: str) -> bytes:
    return files("fastapi_swagger.resources").joinpath(name).read_bytes()


def add_docs(app: FastAPI) -> None:
    """Serve Swagger UI at /docs from the installed package."""

    async def page() -> Response:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url="docs/swagger-ui-bundle.js",
            swagger_css_url="docs/swagger-ui.css",
            swagger_favicon_url="docs/favicon-32x32.png",
        )

    async def asset(name: str) -> Response:
        if name not in _ASSETS:
            return Response(status_code=404)
        return Response(_asset(name), media_type=_ASSETS[name], headers={"Cache-Control": "max-age=86400"})

    app.add_api_route("/docs", page, include_in_schema=False)
    app.add_api_route("/docs/{name}", asset, include_in_schema=False)
