// Leaves nothing of one test on the page of the next.
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(() => {
  cleanup();
  // Tests of rendering on a server have none.
  globalThis.localStorage?.clear();
});
