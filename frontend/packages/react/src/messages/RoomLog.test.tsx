// The log: messages with their delivery, slots, texts in another language.
import { act, fireEvent, screen } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { greeting } from "../../../client/test/support/doubles";
import { layOut } from "../../test/support/layout";
import { entry, RoomTab } from "../../test/support/roomTab";
import { en, type MessageSlotProps, Room } from "..";
import { es } from "../es";

layOut();
let tab: RoomTab;

beforeEach(() => {
  tab = new RoomTab();
});

const articles = () => screen.getAllByRole("article").map(({ textContent }) => textContent);

test("S6 a refused message says why, and can be tried again or discarded", async () => {
  await tab.show(<Room item="foo" />);
  await tab.greet();
  await tab.user.type(screen.getByRole("textbox"), "no{Enter}");
  await tab.settle();
  const { id } = JSON.parse(tab.socket.sent.at(-1) ?? "{}") as { id: string };
  await tab.hear({ type: "error", code: "forbidden", message: "not here", id });

  expect(await screen.findByText("You don't have permission to do this.")).toBeTruthy();
  const before = tab.socket.sent.length;
  await tab.user.click(screen.getByRole("button", { name: "Try again" }));
  await tab.settle();
  expect(tab.socket.sent.slice(before).map((line) => JSON.parse(line))).toContainEqual({
    type: "send",
    id,
    body: "no",
  });
  await tab.hear({ type: "error", code: "forbidden", message: "not here", id });
  await tab.user.click(screen.getByRole("button", { name: "Discard" }));
  await tab.settle();
  expect(screen.queryAllByRole("article")).toEqual([]);
});

test("a slot replaces what it chooses, and others look as by default", async () => {
  await tab.show(
    <Room
      item="foo"
      renderMessage={({ message, children }) =>
        typeof message.body === "string" ? children : <output>{`card ${message.seq}`}</output>
      }
      renderAvatar={({ id, name }) => <img alt={`${name} (${id})`} src="data:," />}
      renderHeader={({ item, state }) => <h1>{`${item}: ${state.memberCount}`}</h1>}
    />,
  );
  await tab.greet();
  await tab.hear(entry(1), entry(2, { body: { order: 7 } }));

  expect(articles().join(" ")).toContain("m1");
  expect(articles().join(" ")).toContain("card 2");
  expect(screen.getByRole("img", { name: "Bob (bob)" })).toBeTruthy();
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("foo: 1");
});

test("texts can be in Spanish, or be replaced one by one", async () => {
  const { unmount } = await tab.show(<Room item="foo" />, { strings: es });
  await tab.greet();
  expect(screen.getByRole("status").textContent).toMatch(/^En vivo/);
  unmount();
  await tab.show(<Room item="foo" />, { strings: { ...en, composer: { ...en.composer, send: "Post" } } });

  expect(screen.getByRole("button", { name: "Post" })).toBeTruthy();
});

test("the theme is on every component's outermost element", async () => {
  const { container } = await tab.show(<Room item="foo" className="mine" />, { theme: "dark" });

  expect(container.firstElementChild?.className).toMatch(/^alcove .*mine$/);
  expect(container.firstElementChild?.getAttribute("data-alcove-theme")).toBe("dark");
});

test("S14 A9 an event is a line without an avatar, and a member's picture replaces the letter until it fails", async () => {
  await tab.show(<Room item="foo" />);
  await tab.greet();
  const by = { id: "bob", name: "Bob", picture: "https://pictures.example/bob.png" };
  await tab.hear(entry(1, { by }), {
    ...entry(2),
    kind: "event",
    body: { text: "Your order was shipped", data: 7 },
  });

  expect(articles()).toHaveLength(1);
  expect(screen.getByText(/Your order was shipped/)).toBeTruthy();
  const picture = document.querySelector("article img");
  expect(picture?.getAttribute("src")).toBe(by.picture);
  fireEvent.error(picture as Element);
  expect(document.querySelector("article img")).toBe(null);
  expect(document.querySelector("article [data-initials]")?.getAttribute("data-initials")).toBe("B");
});

test("R5 P5 a tab that is shown again before it has drawn another log marks nothing of that as read", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const visibility = vi.spyOn(document, "visibilityState", "get");
  await tab.show(<Room item="foo" />);
  await tab.greet({ head: 9 });
  await tab.hear(...Array.from({ length: 9 }, (_, i) => entry(i + 1)));
  visibility.mockReturnValue("hidden");
  await act(() => vi.advanceTimersByTimeAsync(1000));
  tab.socket.say(JSON.stringify({ ...greeting, log: "two", head: 9, reset: true }));
  const before = tab.socket.sent.length;
  visibility.mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  await act(() => vi.advanceTimersByTimeAsync(1000));
  vi.useRealTimers();
  vi.restoreAllMocks();

  expect(tab.socket.sent.slice(before)).toEqual([]);
});

test("a message that cannot be shown leaves the others, and is tried again when it changes", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // React reports the error
  const renderMessage = ({ message, children }: MessageSlotProps) => {
    if (message.body === "m1") throw new Error("broken");
    return children;
  };
  await tab.show(<Room item="foo" renderMessage={renderMessage} />);
  await tab.greet();
  await tab.hear(entry(1), entry(2));
  expect(screen.getByText("This message cannot be shown")).toBeTruthy();
  expect(screen.getByText("m2")).toBeTruthy();
  await tab.hear({ ...entry(3), kind: "edit", target: 1, body: "mended" });
  vi.restoreAllMocks();

  expect(screen.getByText("mended")).toBeTruthy();
});
