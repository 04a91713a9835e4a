// Whose text stands in the composer.
import { screen } from "@testing-library/react";
import { createClient } from "alcove-client";
import { beforeEach, expect, test } from "vitest";
import { FakePlatform } from "../../../client/test/support/fakePlatform";
import { layOut } from "../../test/support/layout";
import { RoomTab } from "../../test/support/roomTab";
import { AlcoveProvider, Room } from "..";

const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message foo" });
const ADAS = `alcove.draft.${JSON.stringify(["http://here", "sub:ada", "foo"])}`;

layOut();
let tab: RoomTab;

/** Open the room with a login cookie, which was Ada's when the browser was here last. */
async function open(): Promise<void> {
  tab.platform.notes.set("alcove.login.http://here", "ada");
  const client = createClient({ url: "http://here", platform: tab.platform });
  await tab.show(
    <AlcoveProvider client={client}>
      <Room item="foo" />
    </AlcoveProvider>,
  );
}

beforeEach(() => {
  tab = new RoomTab();
});

test("a text that one member left does not stand in the next one's composer, also where it was touched", async () => {
  tab.platform.notes.set(ADAS, "half a thou");
  await open();
  await tab.user.type(field(), "ght");
  await tab.greet({ you: { id: "bob", name: "Bob", can: ["read", "write"] } });

  expect(field().value).toBe("");
  expect(tab.platform.notes.get(ADAS)).toBe("half a thought");
});

test.each([false, true])(
  "what is written before the server has told who writes stays theirs (refused: %s)",
  async (refused) => {
    if (refused) {
      const refusing = { get: () => null, set: () => undefined, keys: () => [] };
      Object.defineProperty(tab.platform, "notes", { value: refusing });
      Object.defineProperty(tab.platform, "tabNotes", { value: refusing });
    }
    await open();
    await tab.user.type(field(), "early");
    await tab.greet();

    expect(field().value).toBe("early");
  },
);

test("a text that the browser does not store stays while the room is open", async () => {
  const platform = new FakePlatform();
  Object.defineProperty(platform, "tabNotes", {
    value: { get: () => null, set: () => undefined, keys: () => [] },
  });
  Object.defineProperty(platform, "notes", { value: platform.tabNotes });
  const room = createClient({ url: "http://here", getToken: () => "secret", platform }).room("foo");
  room.join();
  await tab.settle();
  room.saveDraft("kept");

  expect(room.loadDraft()).toBe("kept");
});
