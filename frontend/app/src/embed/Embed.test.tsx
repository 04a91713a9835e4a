// The framed room: an error in it leaves words, and not an empty frame.
import { render, screen } from "@testing-library/react";
import { createClient } from "alcove-client";
import { afterEach, expect, test, vi } from "vitest";
import { FakePlatform } from "../../../packages/client/test/support/fakePlatform";
import { Embed } from "./Embed";
import { Host, standalone } from "./host";

afterEach(() => {
  vi.restoreAllMocks();
});

test("a room that cannot be shown offers a reload", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined); // React reports the error
  const client = createClient({ url: "http://here", getToken: () => "key", platform: new FakePlatform() });
  vi.spyOn(client, "room").mockImplementation(() => {
    throw new Error("broken");
  });
  render(<Embed host={new Host(null, standalone)} client={client} item="foo" />);

  expect(screen.getByRole("alert").textContent).toContain("This room ran into a problem.");
  expect(screen.getByRole("button", { name: "Reload" })).toBeTruthy();
});
