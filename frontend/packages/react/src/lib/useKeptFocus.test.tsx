// The focus has a place when the element that had it goes away.
import { act, screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { layOut } from "../../test/support/layout";
import { entry, RoomTab } from "../../test/support/roomTab";
import { Room } from "..";

const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message foo" });
const own = (seq: number) => entry(seq, { by: { id: "ada", name: "Ada" } });
const focused = () => document.activeElement;
const label = () => focused()?.closest("article")?.getAttribute("aria-label");

layOut();
let tab: RoomTab;

beforeEach(async () => {
  tab = new RoomTab();
  await tab.show(<Room item="foo" />);
  await tab.greet();
});

test("Cancel above the composer leads into it", async () => {
  await tab.hear(own(1));
  await tab.user.type(field(), "{ArrowUp}");
  await screen.findByRole("textbox", { name: "Edit message" });
  const [, cancel] = screen.getAllByRole("button", { name: "Cancel" });
  await tab.user.click(cancel as HTMLElement);
  await tab.settle();

  expect(focused()).toBe(field());
});

test("Delete and Undo lead to their message", async () => {
  await tab.hear(own(1));
  await tab.user.click(await screen.findByRole("button", { name: "Delete" }));
  await tab.settle();
  expect(label()).toMatch(/^Ada, /);
  await tab.user.click(screen.getByRole("button", { name: "Undo" }));
  await tab.settle();

  expect(label()).toMatch(/^Ada, /);
});

test("Discard leads into the log", async () => {
  await tab.user.type(field(), "refused{Enter}");
  await tab.settle();
  const { id } = JSON.parse(tab.socket.sent.at(-1) ?? "") as { id: string };
  await tab.hear({ type: "error", code: "invalid", message: "no", id });
  await tab.user.click(await screen.findByRole("button", { name: "Discard" }));
  await tab.settle();

  expect(screen.queryByRole("article")).toBeNull();
  expect(focused()?.getAttribute("role")).toBe("log");
});

test("a composer that comes back after the room was closed has it again", async () => {
  await tab.user.click(field());
  tab.socket.end(4403);
  await tab.settle();
  await tab.user.click(await screen.findByRole("button", { name: "Try again" }));
  await tab.settle();
  await tab.greet();

  expect(focused()).toBe(field());
});

test("a reader who left the room is left alone", async () => {
  await tab.user.click(field());
  await act(async () => field().blur());
  tab.socket.end(4403);
  await tab.settle();
  await tab.user.click(document.body);
  await act(() => tab.client.room("foo").reconnect());
  await tab.settle();
  await tab.greet();

  expect(focused()).toBe(document.body);
});
