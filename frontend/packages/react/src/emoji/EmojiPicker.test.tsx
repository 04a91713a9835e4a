// The emoji picker of the composer: what it inserts where, by mouse and by keyboard.
import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { layOut } from "../../test/support/layout";
import { RoomTab } from "../../test/support/roomTab";
import { Room } from "..";

layOut();
let tab: RoomTab;
const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message foo" });
const button = () => screen.getByRole("button", { name: "Emoji" });
const picker = () => screen.queryByRole("dialog", { name: "Emoji" });

beforeEach(async () => {
  tab = new RoomTab();
  await tab.show(<Room item="foo" />);
  await tab.greet();
});

async function open() {
  await tab.user.click(button());
  await waitFor(() =>
    expect(screen.getByRole("searchbox", { name: "Search emoji" })).toBe(document.activeElement),
  );
}

test("an emoji is inserted at the caret, in place of what is selected", async () => {
  await tab.user.type(field(), "one two three");
  field().setSelectionRange(4, 7);
  await open();
  await tab.user.click(screen.getByRole("button", { name: "grinning face" }));

  expect(field().value).toBe("one 😀 three");
  expect(document.activeElement).toBe(field());
  expect(picker()).toBeNull();

  await tab.user.keyboard("{Enter}");
  await tab.settle();
  expect(tab.sent).toContainEqual({ type: "send", body: "one 😀 three" });
});

test("Enter in the search takes the first one found, and says when there is none", async () => {
  await open();
  await tab.user.keyboard("xyzzy{Enter}");
  expect(screen.getByText("No emoji found")).toBeTruthy();
  expect(field().value).toBe("");

  await tab.user.clear(screen.getByRole("searchbox", { name: "Search emoji" }));
  await tab.user.keyboard("thumbs up{Enter}");
  expect(field().value).toBe("👍️");
});

test("Escape closes it and returns to the composer, whose text stays", async () => {
  await tab.user.type(field(), "half");
  await open();
  await tab.user.keyboard("{Escape}");

  expect(picker()).toBeNull();
  expect(document.activeElement).toBe(field());
  expect(field().value).toBe("half");
});

test("it closes when the focus leaves it, and by its button", async () => {
  await open();
  await tab.user.click(field());
  expect(picker()).toBeNull();

  await open();
  await tab.user.click(button());
  expect(picker()).toBeNull();
});

test("what was used last is offered first, and another client's is not", async () => {
  await open();
  await tab.user.keyboard("thumbs up{Enter}");
  await open();

  const recent = within(screen.getByRole("toolbar", { name: "Recently used" }));
  expect(recent.getAllByRole("button").map(({ textContent }) => textContent)).toEqual(["👍️"]);
});

test("another group is chosen by its radio button", async () => {
  await open();
  await tab.user.click(screen.getByRole("radio", { name: "Food & drink" }));

  expect(screen.getByRole("toolbar", { name: "Food & drink" })).toBeTruthy();
  expect(screen.getByRole("button", { name: "grapes" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "grinning face" })).toBeNull();
});
