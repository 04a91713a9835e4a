// Addresses and names below a base path.
import { afterEach, expect, test, vi } from "vitest";

/** Load modules of a page whose document the server wrote this into. */
async function at(base: string | null) {
  vi.resetModules();
  document.head.innerHTML = base === null ? "" : `<meta name="alcove-base" content="${base}" />`;
  return { ...(await import("./base")), ...(await import("./roomHref")), ...(await import("./kept")) };
}

afterEach(() => {
  document.head.innerHTML = "";
  vi.resetModules();
});

test.each([null, "/"])("B1 at the root of the host (%j) nothing comes before an address", async (base) => {
  const { BASE, SERVER, roomPath, keptName } = await at(base);

  expect([BASE, SERVER, roomPath("ñ"), keptName("room")]).toEqual([
    "",
    location.origin,
    "/items/%C3%B1",
    "alcove.room",
  ]);
});

test("B1 below a path every address begins with it, but for the page's router", async () => {
  const { BASE, SERVER, roomHref, roomPath } = await at("/apps/chat/");

  expect([BASE, SERVER, roomHref("foo"), roomPath("foo")]).toEqual([
    "/apps/chat",
    `${location.origin}/apps/chat`,
    "/items/foo",
    "/apps/chat/items/foo",
  ]);
});

test("B1 what one deployment keeps in the browser is not another's", async () => {
  (await at("/")).keep("room", "foo");

  expect((await at("/chat/")).kept("room")).toBeNull();
  expect((await at("/")).kept("room")).toBe("foo");
});
