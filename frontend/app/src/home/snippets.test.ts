// The code that embeds a room.
import { expect, test } from "vitest";
import { kinds, snippetOf } from "./snippets";

test.each(kinds)("%s names the server and the item", (kind) => {
  const code = snippetOf(kind, "order-1", "https://alcove.example", false);

  expect(code).toContain("https://alcove.example");
  expect(code).toContain("order-1");
});

test("in open mode any token will do", () => {
  expect(snippetOf("curl", "a", "http://x", true)).toContain("Bearer any-token");
  expect(snippetOf("curl", "a", "http://x", false)).toContain("Bearer $TOKEN");
});
