"""Setting up, signing in and out, and settings."""

from __future__ import annotations

from typing import Any

from harness import NAME, PASSWORD, Server


def test_the_printed_link_makes_the_administrator(page: Any, api: Any) -> None:
    state = api.get("/api/session")
    assert state["account"]["name"] == NAME
    assert state["account"]["role"] == "administrator"
    assert state["setup_required"] is False


def test_signing_in_leads_back_to_where_one_was_going(browser: Any, server: Server, signed_in: Any) -> None:
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/jobs?state=failed")
    page.get_by_role("heading", name="Sign in to Cutroom").wait_for()
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Jobs").wait_for()
    assert page.url.endswith("/jobs?state=failed")

    page.goto("/settings")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to Cutroom").wait_for()
    context.close()


def test_a_token_is_shown_once(page: Any) -> None:
    page.goto("/settings")
    page.get_by_label("Name of a new token").fill("Night batch")
    page.get_by_role("button", name="Create", exact=True).click()
    secret = page.locator("code", has_text="ctr_")
    secret.wait_for()
    page.reload()
    page.get_by_text("Night batch").wait_for()
    assert secret.count() == 0
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Night batch").wait_for(state="detached")
