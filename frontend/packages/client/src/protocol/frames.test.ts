// Lines of a frame.
import { expect, test } from "vitest";
import { uuidv7 } from "../lib/uuid";
import { byteLength, readFrame } from "./frames";

test("F1 one frame holds several lines; blank ones and a carriage return do not count", () => {
  const frame = '{"type":"pong"}\r\n\n{"type":"bye","reason":"restart","retry_ms":7}\n';

  expect(readFrame(frame).map(({ said }) => said)).toEqual([
    { type: "pong" },
    { type: "bye", reason: "restart", retry_ms: 7 },
  ]);
});

test.each(["{", "17", "null", '"pong"', "{}"])("F2 %s is shown and says nothing", (text) => {
  expect(readFrame(text)).toEqual([{ text, said: null }]);
});

test("sizes are bytes of UTF-8", () => {
  expect(byteLength("añ🌱")).toBe(7);
});

test("S1 ids sort in the order of their making, also when the clock is set back", () => {
  const ids = [uuidv7(1795366775187), uuidv7(1795366775187), uuidv7(1000)];

  expect([...ids].sort()).toEqual(ids);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
