"""Where the links of letters lead."""

import pytest

from learnflow.services.api_gateway.settings import Settings


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({}, "http://localhost:3000"),
        ({"port_offset": 1000}, "http://localhost:4000"),
        ({"port_offset": 1000, "public_url": "https://learn.school.example/"}, "https://learn.school.example"),
    ],
)
def test_links_lead_to_the_pages_of_this_instance(told: dict[str, object], url: str) -> None:
    assert Settings.model_validate(told).pages_url == url
