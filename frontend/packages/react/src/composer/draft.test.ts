// What is half written belongs to one member, one room and one tab.
import { act, renderHook } from "@testing-library/react";
import type { RoomKey } from "alcove-client";
import { MemoryNotes } from "alcove-client";
import { expect, test } from "vitest";
import { useDraft } from "./draft";

const ada: RoomKey = { server: "http://here", item: "foo", member: "sub:ada" };
const bob: RoomKey = { ...ada, member: "sub:bob" };

function tab(notes: MemoryNotes, key: RoomKey | null, tabNotes = new MemoryNotes()) {
  const kept = { notes, tabNotes };
  const hook = renderHook(({ of }: { of: RoomKey | null }) => useDraft(of, kept), {
    initialProps: { of: key },
  });
  return {
    tabNotes,
    text: () => hook.result.current[0],
    write: (words: string) => act(() => hook.result.current[1](words)),
    become: (of: RoomKey | null) => hook.rerender({ of }),
  };
}

test("a draft outlives its page, and its tab", () => {
  const notes = new MemoryNotes();
  const before = tab(notes, ada);
  before.write("half");

  expect(tab(notes, ada, before.tabNotes).text()).toBe("half");
  expect(tab(notes, ada).text()).toBe("half");
});

test("what another tab sends does not delete what this one is writing", () => {
  const notes = new MemoryNotes();
  const one = tab(notes, ada);
  const other = tab(notes, ada);
  other.write("sent elsewhere");
  one.write("still writing");
  other.write("");

  expect(tab(notes, ada, one.tabNotes).text()).toBe("still writing");
});

test("a member never finds another one's words in the composer", () => {
  const notes = new MemoryNotes();
  const shared = tab(notes, ada);
  shared.write("ada's");
  shared.become(bob);
  expect(shared.text()).toBe("");
  shared.write("bob's");
  shared.become(ada);

  expect(shared.text()).toBe("ada's");
});

test("what is written before the member is known stays, and is kept under their name", () => {
  const notes = new MemoryNotes();
  const early = tab(notes, null);
  early.write("ear");
  early.become(ada);
  expect(early.text()).toBe("ear");
  early.write("early");

  expect(tab(notes, ada).text()).toBe("early");
});

test("the draft of an earlier version of the page is found, and removed once it is sent", () => {
  const notes = new MemoryNotes();
  notes.set('alcove.draft.["sub:ada","foo"]', "from before");
  const now = tab(notes, ada);
  expect(now.text()).toBe("from before");
  now.write("");

  expect(notes.keys("alcove.draft.")).toEqual([]);
});
