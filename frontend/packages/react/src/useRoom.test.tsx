// Hooks: one socket, renders only for what is selected, and a skeleton on the server.
import { screen } from "@testing-library/react";
import { renderToString } from "react-dom/server";
import { beforeEach, expect, test } from "vitest";
import { entry, RoomTab } from "../test/support/roomTab";
import { Room, RoomList, UnreadBadge, useRoom } from ".";

let tab: RoomTab;

beforeEach(() => {
  tab = new RoomTab();
});

test("StrictMode holds one socket, shared by all components of the room", async () => {
  function Count() {
    const count = useRoom("foo", ({ memberCount }) => memberCount);
    return <p data-testid="count">{count}</p>;
  }
  const { unmount } = await tab.show([<Room key="room" item="foo" />, <Count key="count" />]);
  await tab.greet();

  expect(tab.platform.browser.sockets).toHaveLength(1);
  expect(screen.getByRole("status").textContent).toMatch(/^Live/);
  expect(screen.getByTestId("count").textContent).toBe("1");
  unmount();
  await tab.settle();
  expect(tab.platform.browser.live).toBe(0);
});

test("a component renders again only when what it selects changes", async () => {
  let renders = 0;
  function Names() {
    const names = useRoom("foo", ({ members }) => members.map(({ name }) => name));
    renders += 1;
    return <output>{names.join()}</output>;
  }
  await tab.show(<Names />);
  await tab.greet();
  const before = renders;
  await tab.hear(entry(1), { type: "typing", by: { id: "bob", name: "Bob" } });
  expect(renders).toBe(before);
  await tab.hear({ type: "presence", joined: [{ id: "bob", name: "Bob" }], left: [], count: 2 });

  expect(document.querySelector("output")?.textContent).toBe("Ada,Bob");
  expect(renders).toBeGreaterThan(before);
});

test("without a selector the whole state and the room are returned", async () => {
  function Last() {
    const { room, messages, status } = useRoom("foo");
    return <output>{`${room.item} ${status} ${String(messages.at(-1)?.body)}`}</output>;
  }
  await tab.show(<Last />);
  await tab.greet();
  await tab.hear(entry(1), entry(2));

  expect(document.querySelector("output")?.textContent).toBe("foo live m2");
});

test("another item leaves the room before, and joins the next", async () => {
  const { rerender } = await tab.show(<Room item="foo" />);
  await tab.greet();
  rerender(tab.around(<Room item="bar" />));
  await tab.settle();

  expect(tab.platform.browser.sockets.map(({ url }) => new URL(url).pathname)).toEqual([
    "/items/foo/ws",
    "/items/bar/ws",
  ]);
  expect(tab.platform.browser.live).toBe(1);
});

test("a server renders a skeleton, and connects nothing", () => {
  const html = renderToString(
    tab.around([
      <Room key="room" item="foo" />,
      <RoomList key="list" />,
      <UnreadBadge key="badge" item="foo" />,
    ]),
  );

  expect(html).toContain("Loading messages…");
  expect(html).toContain('aria-label="Rooms"');
  expect(tab.platform.browser.sockets).toEqual([]);
  expect(tab.platform.events).toEqual([]);
});

test("outside of a provider the error says what is missing", () => {
  expect(() => renderToString(<Room item="foo" />)).toThrow("expected an <AlcoveProvider>");
});
