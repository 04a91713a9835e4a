// The whole page against a browser moved by hand.
import { act, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { StrictMode } from "react";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeBrowser } from "../../../packages/client/test/support/doubles";
import { FakePlatform } from "../../../packages/client/test/support/fakePlatform";
import { keepLanguage, loadLaterTexts, startLanguage } from "../i18n/language";
import { LanguageProvider } from "../i18n/translation";
import { Session } from "../session/session";
import { startConversations } from "../tutorial/conversations";
import { ConversationsContext } from "../tutorial/useConversation";
import { App } from "./App";
import { SessionProvider } from "./SessionProvider";

let browser: FakeBrowser;

beforeEach(() => {
  browser = new FakeBrowser();
});

async function visit(path: string) {
  history.replaceState(null, "", path);
  const language = await startLanguage();
  // A browser's page has one language at the start; here the parts of the page are loaded once for all tests.
  await loadLaterTexts();
  const conversations = startConversations(17, browser);
  const session = new Session(new FakePlatform());
  render(
    <StrictMode>
      <LanguageProvider translator={language}>
        <ConversationsContext value={conversations}>
          <SessionProvider session={session}>
            <App />
          </SessionProvider>
        </ConversationsContext>
      </LanguageProvider>
    </StrictMode>,
  );
  await screen.findByRole("heading", { level: 1 });
  return { user: userEvent.setup(), language };
}

const button = (name: string) => screen.getByRole("button", { name });
const box = (name: string) => screen.getByRole("textbox", { name });
/** Open the account menu: this browser's double has no popovers, so that its event is all there is. */
async function openAccount() {
  const opened = Object.assign(new Event("toggle"), { newState: "open" });
  fireEvent(screen.getByRole("dialog", { hidden: true }), opened);
  await screen.findByRole("radio", { name: "English", hidden: true });
}
const link = (name: string) => screen.getByRole("link", { name, hidden: true });
/** The server says `text`, and the frame that shows it is drawn. */
function hear(text: string) {
  act(() => {
    browser.newest.say(text);
    browser.paint();
  });
}

const status = () => screen.getByRole("status").textContent;
const lines = () =>
  screen.queryAllByRole("listitem").flatMap((line) => (line.closest("[role=log]") ? [line.textContent] : []));

describe("T2 the item's page", () => {
  test("connects when told to, with the tutorial's own defaults", async () => {
    const { user } = await visit("/playground");
    expect(browser.sockets).toHaveLength(0);
    expect(status()).toBe("Disconnected Not connected yet.");
    await user.click(button("Connect"));
    expect(status()).toBe("Connecting");
    act(() => browser.newest.accept());

    expect(status()).toBe("Connected");
    expect(browser.newest.url).toMatch(/\/items\/foo\/ws\?token=some-key-token$/);
    expect(browser.sockets).toHaveLength(1);
  });

  test("sends on Enter, breaks the line on Shift and Enter, and lists what comes back", async () => {
    const { user } = await visit("/playground");
    await user.click(button("Connect"));
    act(() => browser.newest.accept());
    await user.type(box("Message"), "one{Shift>}{Enter}{/Shift}two{Enter}");
    hear("Message text was: one\ntwo, for item ID: foo");

    expect(browser.newest.sent).toEqual(["one\ntwo"]);
    expect(lines()).toEqual(["Message text was: one\ntwo, for item ID: foo"]);
    expect(box("Message")).toHaveProperty("value", "");
  });

  test("a refused handshake says what to check", async () => {
    const { user } = await visit("/playground");
    await user.click(button("Connect"));
    act(() => browser.newest.end(1006));

    expect(status()).toMatch(/^Disconnected The server refused the connection or cannot be reached\. Check /);
    expect(button("Connect")).toBe(document.activeElement);
  });

  test("a disconnect keeps the lines and the draft, and sending says why it cannot", async () => {
    const { user } = await visit("/playground");
    await user.click(button("Connect"));
    act(() => browser.newest.accept());
    hear("said before");
    await user.type(box("Message"), "half");
    act(() => browser.newest.end(1012, "deploy"));
    await user.click(button("Send"));

    expect(screen.getByRole("alert").textContent).toMatch(/^Not connected, so nothing can be sent\./);
    expect(box("Message")).toHaveProperty("value", "half");
    expect(lines()).toEqual(["said before"]);
    expect(status()).toBe(
      "Disconnected The server is restarting. Close code 1012. The server said: “deploy”. You can connect again.",
    );
  });

  test("Enter in a field connects, and never disconnects", async () => {
    const { user } = await visit("/playground");
    await user.type(box("Token"), "{Enter}");
    act(() => browser.newest.accept());
    await user.type(box("Token"), "{Enter}");

    expect(status()).toBe("Connected");
    await user.click(button("Disconnect"));
    expect(status()).toMatch(/^Disconnected You closed the connection\./);
  });

  test("an item ID that cannot travel is not tried", async () => {
    const { user } = await visit("/playground");
    await user.clear(box("Item ID"));
    await user.click(button("Connect"));

    expect(screen.getByText("An item ID is needed to connect.")).toBeTruthy();
    expect(browser.sockets).toHaveLength(0);
  });
});

describe("T1 and T3, connected on opening", () => {
  test("StrictMode mounts twice and opens one socket", async () => {
    await visit("/echo");

    expect(browser.sockets).toHaveLength(1);
  });

  test("the chat shows its own ID and connects under it", async () => {
    await visit("/chat");

    expect(screen.getByText("17")).toBeTruthy();
    expect(browser.newest.url).toMatch(/\/ws\/17$/);
  });

  test("going elsewhere closes the socket; what was said is there on coming back", async () => {
    const { user } = await visit("/chat");
    act(() => browser.newest.accept());
    hear("Client #3 says: hi");
    await openAccount();
    await user.click(link("Playground"));
    expect(browser.live).toBe(0);
    await user.click(link("Chat"));
    await screen.findByRole("heading", { name: "Chat" });

    expect(browser.live).toBe(1);
    expect(lines()).toEqual(["Client #3 says: hi"]);
  });
});

test("an unknown address gets a kind answer", async () => {
  await visit("/no/such/place");

  expect(screen.getByRole("heading").textContent).toBe("Page not found");
  expect(document.title).toBe("Page not found · Alcove");
});

test("Spanish uses the tutorial's words", async () => {
  const { user, language } = await visit("/playground");
  await openAccount();
  await user.click(screen.getByRole("radio", { name: "Español", hidden: true }));
  await screen.findByRole("textbox", { name: "ID del ítem" });

  expect(box("ID del ítem")).toHaveProperty("value", "foo");
  expect(box("Mensaje")).toBeTruthy();
  expect(document.documentElement.lang).toBe("es");
  await act(() => keepLanguage(language, "en"));
});
