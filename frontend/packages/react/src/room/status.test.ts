// What the page says of a connection.
import type { RoomState } from "alcove-client";
import { expect, test } from "vitest";
import { en } from "../strings/en";
import { createTranslate } from "../strings/translate";
import { statusText } from "./status";

const t = createTranslate<typeof en>("en", en);
const state = (part: Partial<RoomState>) => ({ queued: 0, error: null, ...part }) as RoomState;

test("after an outage the status says Live at once, whether events or a socket opened first", () => {
  expect(statusText(state({ status: "reconnecting", transport: null }), t)).toBe("Reconnecting…");
  expect(statusText(state({ status: "live", transport: "events" }), t)).toBe("Live");
  expect(statusText(state({ status: "live", transport: "socket" }), t)).toBe("Live");
});

test("a close code is no quantity: it is not grouped", () => {
  const closed = state({
    status: "noAccess",
    error: { closeCode: 4403, reason: null } as RoomState["error"],
  });

  expect(statusText(closed, t)).not.toContain(",4");
});
