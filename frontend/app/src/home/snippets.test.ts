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

test.each(["script", "react"] as const)("%s asks for a token endpoint only where there is a key", (kind) => {
  expect(snippetOf(kind, "a", "http://x", true)).not.toContain("/alcove-token");
  expect(snippetOf(kind, "a", "http://x", false)).toContain("/alcove-token");
});
