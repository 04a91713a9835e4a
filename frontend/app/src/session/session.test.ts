// Who is signed in: by links and by the Connect card.
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakePlatform } from "../../../packages/client/test/support/fakePlatform";
import { forgetCredential, nameOf } from "./credential";
import { Session } from "./session";

const token = (sub: string, jti = 0) => `x.${btoa(JSON.stringify({ sub, jti }))}.y`;
const link = (to: string) => history.replaceState(null, "", `/items/foo#token=${to}`);

let platform: FakePlatform;

beforeEach(() => {
  platform = new FakePlatform();
  history.replaceState(null, "", "/items/foo");
});

afterEach(forgetCredential);

test("a link signs in, and its token leaves the address", () => {
  link(token("ada"));
  const session = new Session(platform);

  expect(session.getState().credential?.token).toBe(token("ada"));
  expect(location.hash).toBe("");
});

test("a link for another member is refused while a member is signed in, and can be followed or ignored", () => {
  link(token("ada"));
  const session = new Session(platform);
  link(token("bob"));
  session.follow();
  expect(session.getState()).toMatchObject({
    credential: { token: token("ada") },
    refused: { token: token("bob") },
  });
  session.dismiss();

  expect(session.getState()).toMatchObject({ credential: { token: token("ada") }, refused: null });
});

test("after a reload a link for another member is refused, too", () => {
  link(token("ada"));
  new Session(platform);
  link(token("bob"));
  const session = new Session(platform);

  expect(session.getState()).toMatchObject({
    credential: { token: token("ada") },
    refused: { token: token("bob") },
  });
});

test("another token of the same member keeps the client, another member gets another one", () => {
  link(token("ada"));
  const session = new Session(platform);
  const { client } = session.getState();
  session.enter({ token: token("ada", 1), name: null });
  expect(session.getState()).toMatchObject({ credential: { token: token("ada", 1) } });
  expect(session.getState().client).toBe(client);
  session.enter({ token: token("bob"), name: null });

  expect(session.getState().client).not.toBe(client);
});

test("signing out leaves nobody, and nothing for the next page", async () => {
  link(token("ada"));
  const session = new Session(platform);
  await session.signOut();

  expect(session.getState()).toEqual({ credential: null, client: null, refused: null });
  expect(new Session(platform).getState().client).toBeNull();
});

test("a demo member is the same one in the next tab, until they sign out", async () => {
  const session = new Session(platform);
  session.enterDemo("Quiet Heron");
  const { credential } = session.getState();
  sessionStorage.clear();
  forgetCredential();
  expect(new Session(platform).getState().credential).toEqual(credential);
  await session.signOut();
  forgetCredential();

  expect(new Session(platform).getState().credential).toBeNull();
});

test("inside an application its member begins without a token, unless a link brought one", () => {
  const session = new Session(platform);
  session.enterByApplication();
  expect(session.getState().credential).toEqual({ token: null, name: null });
  forgetCredential();
  link(token("ada"));
  const linked = new Session(platform);
  linked.enterByApplication();

  expect(linked.getState().credential?.token).toBe(token("ada"));
});

test("two browsers get two demo members of one name", () => {
  const first = new Session(platform);
  first.enterDemo("Quiet Heron");
  localStorage.clear();
  const second = new Session(platform);
  second.enterDemo("Quiet Heron");

  expect(second.getState().credential?.token).not.toBe(first.getState().credential?.token);
});

test("another name is another member with the same token", () => {
  const session = new Session(platform);
  session.enterDemo("Quiet Heron");
  const { client, credential } = session.getState();
  session.rename("Swift Otter");

  expect(session.getState().credential).toEqual({ token: credential?.token, name: "Swift Otter" });
  expect(session.getState().client).not.toBe(client);
});

test.each([
  [{ token: "any", name: "Ada" }, "Ada"],
  [{ token: `x.${btoa(JSON.stringify({ sub: "ada", name: "Ada" }))}.y`, name: null }, "Ada"],
  [{ token: token("ada"), name: null }, "ada"],
  [{ token: "any", name: "" }, null],
  [{ token: null, name: null }, null],
])("the name that %j carries is %j", (credential, name) => {
  expect(nameOf(credential)).toBe(name);
});
