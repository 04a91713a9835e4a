// @vitest-environment node
// Components and hooks where pages are rendered on a server: a skeleton, no connection, nothing that stays.
import { createClient } from "alcove-client";
import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { AlcoveProvider, Members, Room, RoomList, UnreadBadge } from "../src";

test("a server renders a skeleton with the browser's own client, without a warning", () => {
  const complaints = vi.spyOn(console, "error");
  const before = process.getActiveResourcesInfo().length;
  const client = createClient({ url: "https://alcove.example", getToken: () => "token" });
  const html = renderToString(
    <AlcoveProvider client={client}>
      <Room item="foo" />
      <Members item="foo" />
      <RoomList />
      <UnreadBadge item="foo" />
    </AlcoveProvider>,
  );

  expect(html).toContain("Loading messages…");
  expect(html).toContain('role="log"');
  expect(html).toContain('aria-label="Rooms"');
  expect(complaints).not.toHaveBeenCalled();
  expect(process.getActiveResourcesInfo()).toHaveLength(before);
});
