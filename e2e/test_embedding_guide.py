"""Run the examples of the guide to embedding that need a server or a browser."""

import json
import os
import subprocess
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from playwright.sync_api import Page, expect

from host import hosting
from network import Network
from page_problems import NETWORK_CUT, PageProblems
from room_log import post
from tests.support.credentials import SECRET, register_credential
from tests.support.node import node_command, node_folder
from tests.support.servers import Server
from tests.support.snippets import run_snippet, snippet

EXPRESS = """
import { app } from "./express_endpoint.js";
const server = app.listen(0, "127.0.0.1", async () => {
  const address = `http://127.0.0.1:${server.address().port}/alcove-token`;
  const ask = async (headers) => (await fetch(address, { headers })).json();
  console.log(JSON.stringify([await ask({}), await ask({ "x-user": "ada" })]));
  server.close();
});
"""
#: A page with the guide's own client; `%(server)s` and `%(item)s` are the host's.
PAGE = """<!doctype html><html lang="en"><title>Own</title><link rel="icon" href="data:,"><ol></ol>
<script type="module">
  {client}
  window.statuses = [];
  const list = document.querySelector("ol");
  window.room = openRoom({{
    url: "%(server)s", item: "%(item)s", getToken: async () => "some-key-token",
    onEntry: ({{ body }}) => list.append(Object.assign(document.createElement("li"), {{ textContent: body }})),
    onStatus: (status) => statuses.push(status),
  }});
</script></html>"""


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"guide-{uuid4().hex[:8]}"


def test_a3_the_express_endpoint_of_the_guide_answers_a_token_of_its_user(tmp_path: Path) -> None:
    node_folder(tmp_path, express_endpoint=snippet("express_endpoint.js"), ask=EXPRESS)
    done = subprocess.run(  # noqa: S603 - the project's own document
        node_command("ask"),
        cwd=tmp_path,
        env=os.environ | {"ALCOVE_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=True,
    )

    nobody, ada = json.loads(done.stdout)
    assert nobody == {"token": None}
    claims = jwt.decode(register_credential(ada["token"]), SECRET, ["HS256"])
    assert {"sub": "ada", "name": "ada", "items": {"order-*": "rw"}}.items() <= claims.items()
    assert claims["exp"] - claims["iat"] == pytest.approx(600, abs=1)


def test_s5_the_guides_own_client_loses_and_doubles_nothing(
    page: Page, server: Server, item: str, page_problems: PageProblems
) -> None:
    page_problems.expect(NETWORK_CUT)
    with Network(server) as between, hosting() as host:
        host.server, host.item = between.url, item
        host.page = PAGE.format(client=snippet("room.js"))
        page.goto(host.url)
        page.wait_for_function("statuses.at(-1) === 'live'")
        page.evaluate("room.send('first')")
        expect(page.get_by_role("listitem")).to_have_text(["first"])

        between.cut()
        page.wait_for_function("statuses.at(-1).startsWith('not connected')")
        page.evaluate("room.send('written meanwhile')")
        between.restore()

        expect(page.get_by_role("listitem")).to_have_text(["first", "written meanwhile"])
        page.evaluate("room.close()")


def test_the_guides_rendered_page_contains_the_latest_messages(server: Server, item: str) -> None:
    post(server, item, "hello", "<script>", name="Ada")

    made = run_snippet("rendered.py").render_room(server.url, item, "some-key-token")

    lines = "<p><b>Ada</b> hello</p><p><b>Ada</b> &lt;script&gt;</p>"
    assert made == f'<alcove-room item="{item}" token-url="/alcove-token">{lines}</alcove-room>'
