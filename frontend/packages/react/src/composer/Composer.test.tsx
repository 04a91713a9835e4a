// The composer of a room: what keys do, what is sent, and what is kept.
import { act, fireEvent, screen } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import { greeting } from "../../../client/test/support/doubles";
import { layOut } from "../../test/support/layout";
import { entry, RoomTab } from "../../test/support/roomTab";
import { Room } from "..";

const field = (item = "foo") => screen.getByRole<HTMLTextAreaElement>("textbox", { name: `Message ${item}` });
const edit = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Edit message" });
const own = (seq: number, more: object = {}) => entry(seq, { by: { id: "ada", name: "Ada" }, ...more });

layOut();
let tab: RoomTab;

beforeEach(async () => {
  tab = new RoomTab();
});

async function open(greeting: object = {}) {
  const view = await tab.show(<Room item="foo" />);
  await tab.greet(greeting);
  return view;
}

test("Enter sends and empties the field, Shift and Enter breaks the line", async () => {
  await open();
  await tab.user.type(field(), "one{Shift>}{Enter}{/Shift}two{Enter}");
  await tab.settle();

  expect(tab.sent).toContainEqual({ type: "send", body: "one\ntwo" });
  expect(field().value).toBe("");
});

test("a key that is held down sends once, and one of an input method sends nothing", async () => {
  await open();
  await tab.user.type(field(), "hi");
  fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
  fireEvent.keyDown(field(), { key: "Enter", repeat: true });

  expect(field().value).toBe("hi");
});

test("blank text is not sent", async () => {
  await open();
  await tab.user.type(field(), "  {Enter}");

  expect(tab.sent.filter((command) => "body" in command)).toEqual([]);
});

test("L1 a text over the limit is marked, counted, and not sent", async () => {
  await open();
  await tab.user.click(field());
  await tab.user.paste("x".repeat(99));
  await tab.user.keyboard("{Enter}");

  expect(field().getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText("1 byte too long")).toBeTruthy();
  expect(field().value).toHaveLength(99);
});

test("who may not write can read, and is told so in place of the composer", async () => {
  await open({ you: { id: "ada", name: "Ada", can: ["read"] } });

  expect(screen.queryByRole("textbox")).toBeNull();
  expect(screen.getByText("You can read this room, but you can't write in it.")).toBeTruthy();
});

test("readOnly hides the composer", async () => {
  await tab.show(<Room item="foo" readOnly />);

  expect(screen.queryByRole("textbox")).toBeNull();
});

test("text can be sent before the room is live, and goes out when it is", async () => {
  await tab.show(<Room item="foo" />);
  await tab.user.type(field(), "early{Enter}");
  await tab.greet();

  expect(tab.sent).toContainEqual({ type: "send", body: "early" });
});

test("what is half written is there again when the room is opened again", async () => {
  const { unmount } = await open();
  await tab.user.type(field(), "half");
  unmount();
  await tab.show(<Room item="foo" />);

  expect(field().value).toBe("half");
});

test("each room has its own text", async () => {
  const { rerender } = await open();
  await tab.user.type(field(), "for foo");
  rerender(tab.around(<Room item="bar" />));
  await tab.settle();

  expect(field("bar").value).toBe("");
});

test("S8 ↑ opens the last own message where it stands, Enter saves it, and the focus is back in the composer", async () => {
  await open();
  await tab.hear(own(1, { body: "frist" }));
  await tab.user.type(field(), "{ArrowUp}");
  await screen.findByRole("textbox", { name: "Edit message" });
  expect(edit().value).toBe("frist");
  await tab.user.clear(edit());
  await tab.user.type(edit(), "first{Enter}");
  await tab.settle();

  expect(tab.sent).toContainEqual({ type: "edit", target: 1, body: "first" });
  expect(document.activeElement).toBe(field());
});

test("a draft stays in the composer through an edit, and another Enter does not send it", async () => {
  await open();
  await tab.hear(own(1));
  await tab.user.type(field(), "half");
  const button = await screen.findByRole("button", { name: "Edit" });
  await act(() => button.click());
  expect(screen.getByText("Editing a message")).toBeTruthy();
  await screen.findByRole("textbox", { name: "Edit message" });
  await tab.user.type(edit(), "!{Enter}");
  await tab.user.keyboard("{Enter}");
  await tab.settle();

  expect(field().value).toBe("half");
  expect(document.activeElement?.closest("article")?.getAttribute("aria-label")).toMatch(/^Ada, /);
  expect(tab.sent.filter((command) => "type" in command && command.type === "send")).toEqual([]);
});

test("an edit that ↑ opened does not lead to a draft that was begun meanwhile: another Enter would send it", async () => {
  await open();
  await tab.hear(own(1, { body: "frist" }));
  await tab.user.type(field(), "{ArrowUp}");
  await screen.findByRole("textbox", { name: "Edit message" });
  await tab.user.type(field(), "half");
  await tab.user.type(edit(), "!{Enter}");
  await tab.user.keyboard("{Enter}");
  await tab.settle();

  expect(tab.sent).toContainEqual({ type: "edit", target: 1, body: "frist!" });
  expect(field().value).toBe("half");
});

describe("R5 a log that is replaced while a message is edited", () => {
  beforeEach(async () => {
    await open();
    await tab.hear(own(1, { body: "frist" }));
    await tab.user.type(field(), "{ArrowUp}");
    await screen.findByRole("textbox", { name: "Edit message" });
    await tab.user.type(edit(), "!");
  });
  const reset = { ...greeting, log: "two", head: 1, reset: true };

  test("leaves what was written in the composer", async () => {
    await tab.hear(reset, own(1, { id: "other", body: "another message" }));

    expect(screen.queryByText("Editing a message")).toBeNull();
    expect(field().value).toBe("frist!");
  });

  test("keeps the edit from the message that has the number now, also before it is drawn", async () => {
    for (const line of [reset, own(1, { id: "other", body: "another message" })])
      tab.socket.say(JSON.stringify(line));
    fireEvent.keyDown(edit(), { key: "Enter" });
    await tab.settle();

    expect(tab.sent).not.toContainEqual(expect.objectContaining({ type: "edit" }));
    expect(field().value).toBe("frist!");
  });

  test("keeps a delete from it, too", async () => {
    await tab.user.type(edit(), "{Escape}");
    const button = await screen.findByRole("button", { name: "Delete" });
    for (const line of [reset, own(1, { id: "other", body: "another message" })])
      tab.socket.say(JSON.stringify(line));
    fireEvent.click(button);
    await tab.settle();

    expect(screen.queryByText("Message deleted")).toBeNull();
  });
});

test("Escape leaves an edit as it was", async () => {
  await open();
  await tab.hear(own(1, { body: "mine" }));
  await tab.user.type(field(), "{ArrowUp}");
  await screen.findByRole("textbox", { name: "Edit message" });
  await tab.user.type(edit(), "x{Escape}");

  expect(screen.queryByRole("textbox", { name: "Edit message" })).toBeNull();
  expect(screen.getByText("mine")).toBeTruthy();
});

test("a JSON body stays JSON through an edit", async () => {
  await open();
  await tab.hear(own(1, { body: { state: "open" } }));
  await tab.user.type(field(), "{ArrowUp}");
  await screen.findByRole("textbox", { name: "Edit message" });
  fireEvent.change(edit(), { target: { value: '{"state": "shut"}' } });
  await tab.user.type(edit(), "{Enter}");
  await tab.settle();

  expect(tab.sent).toContainEqual({ type: "edit", target: 1, body: { state: "shut" } });
});

test("what is typed while nothing else takes it is written into the composer of the page's room", async () => {
  await tab.show(<Room item="foo" autoFocus />);
  await tab.greet();
  field().blur();
  await tab.user.keyboard("what?");

  expect(field().value).toBe("what?");
});

test("a room beside other things of a page takes no keys", async () => {
  await open();
  await tab.user.keyboard("what?");

  expect(field().value).toBe("");
});

test("a room that the member cannot enter has one sentence and one way on in place of the composer", async () => {
  await tab.show(<Room item="foo" />);
  tab.socket.accept();
  tab.socket.end(4403);
  await tab.settle();

  expect(screen.queryByRole("textbox")).toBeNull();
  expect(screen.getByText("You don't have access to this room.")).toBeTruthy();
  expect(await screen.findByRole("button", { name: "Try again" })).toBeTruthy();
});
