// The list of rooms, and badges of unread messages.
import { fireEvent, screen } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { entry, RoomTab } from "../../test/support/roomTab";
import { RoomList, UnreadBadge } from "..";

const room = (item: string, unread = 0) => ({ type: "item", item, head: 1, last: entry(1), unread });
const hrefOf = (item: string) => `/items/${item}`;
const names = () => screen.getAllByRole("link").map((link) => link.querySelector("[title]")?.textContent);

let tab: RoomTab;

beforeEach(() => {
  tab = new RoomTab();
});

test("W10 rooms are listed with their last message and unread count, the current one marked", async () => {
  await tab.show(<RoomList current="a" hrefOf={hrefOf} />);
  await tab.hearList(room("a", 3), room("b", 2), { type: "ready" });

  expect(names()).toEqual(["a", "b"]);
  const [current, other] = screen.getAllByRole("link");
  expect(current?.getAttribute("aria-current")).toBe("page");
  expect(current?.textContent).not.toContain("unread");
  expect(other?.textContent).toContain("Bob: m1");
  expect(other?.textContent).toContain("2 unread");
});

test("the current room is listed before it has messages", async () => {
  await tab.show(<RoomList current="new" hrefOf={hrefOf} />);
  await tab.hearList(room("a"), { type: "ready" });

  expect(names()).toEqual(["new", "a"]);
});

test("a click opens a room in the page, and with a modifier wherever the browser opens it", async () => {
  const onOpen = vi.fn();
  await tab.show(<RoomList hrefOf={hrefOf} onOpen={onOpen} />);
  await tab.hearList(room("a"), { type: "ready" });
  const link = screen.getByRole("link");

  expect(fireEvent.click(link, { ctrlKey: true })).toBe(true);
  expect(onOpen).not.toHaveBeenCalled();
  expect(fireEvent.click(link)).toBe(false);
  expect(onOpen).toHaveBeenCalledWith("a");
});

test("without addresses rooms are buttons", async () => {
  const onOpen = vi.fn();
  await tab.show(<RoomList onOpen={onOpen} />);
  await tab.hearList(room("a"), { type: "ready" });
  await tab.user.click(screen.getByRole("button"));

  expect(onOpen).toHaveBeenCalledWith("a");
});

test("the search filters, Enter opens the first match, and what has no room can be created", async () => {
  const onOpen = vi.fn();
  await tab.show(<RoomList hrefOf={hrefOf} onOpen={onOpen} />);
  await tab.hearList(room("order-1"), room("ticket-88"), { type: "ready" });
  await tab.user.type(screen.getByRole("searchbox"), "ticket");
  expect(names()).toEqual(["ticket-88"]);
  expect(screen.getByRole("button", { name: "Create room ticket" })).toBeTruthy();
  await tab.user.keyboard("{Enter}");
  expect(onOpen).toHaveBeenLastCalledWith("ticket-88");

  await tab.user.type(screen.getByRole("searchbox"), "my new room{Enter}");
  expect(onOpen).toHaveBeenLastCalledWith("my-new-room");
});

test("the keys that move to the search are shown in its field", async () => {
  const { container } = await tab.show(<RoomList searchKeys="Ctrl+K" />);

  expect(container.querySelector("search")?.textContent).toBe("Ctrl+K");
});

test("the rows are one stop of Tab, and arrow keys move between them", async () => {
  await tab.show(<RoomList current="b" hrefOf={hrefOf} onOpen={vi.fn()} />);
  await tab.hearList(room("a"), room("b"), room("c"), { type: "ready" });
  const [a, b] = screen.getAllByRole("link");
  await tab.user.tab();
  await tab.user.tab();
  expect(document.activeElement).toBe(b);
  await tab.user.keyboard("{ArrowUp}");
  expect(document.activeElement).toBe(a);
  await tab.user.tab();
  expect(document.activeElement).toBe(document.body);
});

test("badges ask for their items together, follow the list, and are empty where all is read", async () => {
  const asked: string[] = [];
  tab.platform.fetch = async (url) => {
    asked.push(new URL(url).search);
    const items = [
      { item: "x", head: 9, unread: 4 },
      { item: "y", head: 0, unread: 0 },
    ];
    return Response.json({ items });
  };
  const { container } = await tab.show([<UnreadBadge key="x" item="x" />, <UnreadBadge key="y" item="y" />]);
  await tab.settle();
  expect(new Set(asked)).toEqual(new Set(["?item=x&item=y"]));
  expect(container.textContent).toBe("44 unread messages");
  await tab.hearList({ type: "ready" }, { ...room("x", 120), head: 10 });

  expect(container.textContent).toBe("99+120 unread messages");
});

test("the focus is on the last room when there are no older ones", async () => {
  tab.platform.fetch = async () => Response.json({ items: [room("oldest")] });
  await tab.show(<RoomList hrefOf={hrefOf} />);
  await tab.hearList(...Array.from({ length: 100 }, (_, n) => room(`room-${n}`)), { type: "ready" });
  await tab.user.click(screen.getByRole("button", { name: "Show older rooms" }));
  await tab.settle();

  expect(names().at(-1)).toBe("oldest");
  expect(document.activeElement).toBe(screen.getAllByRole("link").at(-1));
});
