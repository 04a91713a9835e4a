// The <alcove-room> element: a frame of the server's page of one room, with tokens, options and events of the host.
import { FrameConnection } from "./frame";
import { themeOf, watchTheme } from "./hostStyle";
import type { FromFrame, RoomEvents, RoomOptions, RoomTheme, TokenReason } from "./messages";
import { fetchToken } from "./tokens";

/** Returns a token for the member, or null while no member is signed in. */
export type GetToken = (request: { readonly reason: TokenReason }) => Promise<string | null> | string | null;

/** How long the page in the frame has to say hello after it was loaded, in ms. */
const HELLO_MS = 10_000;
/** How long a logout waits for the page in the frame, in ms. */
const LOGOUT_MS = 5000;

const STYLE = `:host { display: block; height: 600px; }
:host([hidden]) { display: none; }
iframe { display: block; width: 100%; height: 100%; border: 0; }`;

/** The server that the script came from; an element's `server` attribute names another one. */
let defaultServer: string | null = null;

/** A server that renders pages loads the module without a browser. */
const Base = typeof HTMLElement === "undefined" ? (class {} as typeof HTMLElement) : HTMLElement;

export class AlcoveRoom extends Base {
  static readonly observedAttributes = [
    "item",
    "server",
    "token-url",
    "theme",
    "lang",
    "room-name",
    "readonly",
  ];

  #getToken: GetToken | null = null;
  #frame: HTMLIFrameElement | null = null;
  #connection: FrameConnection | null = null;
  #stopWatching: (() => void) | null = null;
  /** The options that the frame has, as JSON. */
  #sent = "";
  /** Resolve the logouts that are under way. */
  #logouts: (() => void)[] = [];

  constructor() {
    super();
    // By CSSOM: a content security policy without 'unsafe-inline' allows it.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.attachShadow({ mode: "open", delegatesFocus: true }).adoptedStyleSheets = [sheet];
    // A property that was set before the script was loaded hides the accessor.
    if (Object.hasOwn(this, "getToken")) {
      const { getToken } = this;
      Reflect.deleteProperty(this, "getToken");
      this.getToken = getToken;
    }
  }

  /** Used instead of `token-url`. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | null) {
    this.#getToken = getToken;
    this.#sendOptions();
  }

  get item(): string {
    return this.getAttribute("item") ?? "";
  }

  set item(item: string) {
    this.setAttribute("item", item);
  }

  get tokenUrl(): string | null {
    return this.getAttribute("token-url");
  }

  set tokenUrl(url: string | null) {
    this.#set("token-url", url);
  }

  get theme(): RoomTheme {
    const theme = this.getAttribute("theme");
    return theme === "light" || theme === "dark" ? theme : "auto";
  }

  set theme(theme: RoomTheme) {
    this.setAttribute("theme", theme);
  }

  get roomName(): string | null {
    return this.getAttribute("room-name");
  }

  set roomName(name: string | null) {
    this.#set("room-name", name);
  }

  get readOnly(): boolean {
    return this.hasAttribute("readonly");
  }

  set readOnly(readOnly: boolean) {
    this.toggleAttribute("readonly", readOnly);
  }

  connectedCallback(): void {
    this.#stopWatching = watchTheme(this, () => this.#sendOptions());
    this.#open();
  }

  disconnectedCallback(): void {
    this.#stopWatching?.();
    this.#close();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === "item" || name === "server") this.#open();
    else this.#sendOptions();
  }

  /** Request a new token now, and retry what failed; call it after a member has signed in. */
  refresh(): void {
    this.#connection?.send({ type: "refresh" });
  }

  /**
   * End the member's session on the server, and remove what the browser keeps of them, in every tab. Resolves when that
   * is done, so that the page may go elsewhere.
   */
  logout(): Promise<void> {
    const connection = this.#connection;
    if (connection?.connected !== true) return Promise.resolve();
    return new Promise((resolve) => {
      this.#logouts.push(resolve);
      // A server that is away must not keep the host's user from signing out.
      setTimeout(resolve, LOGOUT_MS);
      connection.send({ type: "logout" });
    });
  }

  override focus(): void {
    this.#frame?.focus();
    this.#connection?.send({ type: "focus" });
  }

  #set(name: string, value: string | null): void {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  #open(): void {
    this.#close();
    const server = this.getAttribute("server") ?? defaultServer;
    if (server === null || this.item === "") return;
    const address = new URL(
      `embed/${encodeURIComponent(this.item)}`,
      withSlash(new URL(server, document.baseURI)),
    );
    const frame = document.createElement("iframe");
    frame.title = this.roomName ?? this.item;
    frame.allow = "clipboard-write";
    frame.src = address.href;
    frame.addEventListener("load", () => setTimeout(() => this.#checkHello(frame, address), HELLO_MS), {
      once: true,
    });
    this.#frame = frame;
    this.#connection = new FrameConnection({
      window: () => frame.contentWindow,
      origin: address.origin,
      options: () => this.#options(),
      onMessage: (message) => void this.#onMessage(message),
    });
    this.shadowRoot?.append(frame);
  }

  #close(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#frame?.remove();
    this.#frame = null;
  }

  /** A frame that the browser refused to show fires `load` too, but sends no message. */
  #checkHello(frame: HTMLIFrameElement, { origin }: URL): void {
    if (this.#frame !== frame || this.#connection?.connected === true) return;
    const expected = `expected ALCOVE_FRAME_ANCESTORS of that server to contain ${location.origin}`;
    reportError(new Error(`<alcove-room>: ${origin} shows no room in this page; ${expected}`));
  }

  #options(): RoomOptions {
    const options: RoomOptions = {
      roomName: this.roomName,
      readOnly: this.readOnly,
      theme: this.theme,
      properties: themeOf(this),
      language: this.closest<HTMLElement>("[lang]")?.lang || null,
      hasTokens: this.#getToken !== null || this.tokenUrl !== null,
    };
    this.#sent = JSON.stringify(options);
    return options;
  }

  #sendOptions(): void {
    if (this.#connection?.connected !== true) return;
    const before = this.#sent;
    const options = this.#options();
    if (this.#frame !== null) this.#frame.title = options.roomName ?? this.item;
    if (this.#sent !== before) this.#connection.send({ type: "options", options });
  }

  async #onMessage(message: FromFrame): Promise<void> {
    if (message.type === "event") {
      this.dispatchEvent(
        new CustomEvent<RoomEvents[keyof RoomEvents]>(message.name, { detail: message.detail }),
      );
      return;
    }
    if (message.type === "loggedOut") {
      for (const resolve of this.#logouts.splice(0)) resolve();
      return;
    }
    const { id, reason } = message;
    const connection = this.#connection;
    try {
      connection?.send({ type: "token", id, token: await this.#token(reason) });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      // biome-ignore lint/suspicious/noConsole: the developer of the page looks there
      console.warn(`<alcove-room>: no token: ${text}`);
      connection?.send({ type: "tokenFailed", id, message: text });
    }
  }

  async #token(reason: TokenReason): Promise<string | null> {
    if (this.#getToken !== null) return this.#getToken({ reason });
    return this.tokenUrl === null ? null : fetchToken(this.tokenUrl);
  }
}

/** Define the element. `server`: the address of the Alcove server for elements that have no `server` attribute. */
export function defineAlcoveRoom(server: string | URL | null = null): void {
  if (server !== null) defaultServer = String(server);
  if (customElements.get("alcove-room") === undefined) customElements.define("alcove-room", AlcoveRoom);
}

/** A base path is a folder, however it is written. */
function withSlash(url: URL): URL {
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

declare global {
  interface HTMLElementTagNameMap {
    "alcove-room": AlcoveRoom;
  }
}
