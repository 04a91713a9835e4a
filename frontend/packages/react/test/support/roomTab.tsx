// A rendered room, or list of rooms, whose server the test controls.
import { act, type RenderResult, render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { type Client, createClient } from "alcove-client";
import { type ReactNode, StrictMode } from "react";
import { type FakeSocket, greeting } from "../../../client/test/support/doubles";
import { type FakeEvents, FakePlatform, FakeProfile } from "../../../client/test/support/fakePlatform";
import { AlcoveProvider, type AlcoveProviderProps } from "../../src";

type Line = { readonly type: string; readonly [key: string]: unknown };

const by = { id: "bob", name: "Bob" };

/** A message of Bob's; `seq` is also its time and part of its text. */
export const entry = (seq: number, more: object = {}): Line => ({
  type: "entry",
  kind: "message",
  seq,
  id: `id-${seq}`,
  by,
  at: seq,
  body: `m${seq}`,
  ...more,
});

/** One tab of Ada's browser. */
export class RoomTab {
  readonly platform: FakePlatform;
  readonly client: Client;
  readonly user = userEvent.setup();

  constructor(profile = new FakeProfile()) {
    this.platform = new FakePlatform(profile);
    this.platform.fetch = async () => Response.json({ items: [] });
    this.client = createClient({ url: "http://here", getToken: () => "secret", platform: this.platform });
  }

  /** Render within the provider, and let everything that is ready happen. */
  async show(children: ReactNode, more: Partial<AlcoveProviderProps> = {}): Promise<RenderResult> {
    const view = render(this.around(children, more));
    await this.settle();
    return view;
  }

  around(children: ReactNode, more: Partial<AlcoveProviderProps> = {}): ReactNode {
    return (
      <StrictMode>
        <AlcoveProvider client={this.client} {...more}>
          {children}
        </AlcoveProvider>
      </StrictMode>
    );
  }

  get socket(): FakeSocket {
    return this.platform.browser.newest;
  }

  get list(): FakeEvents {
    const stream = this.platform.events.at(-1);
    if (stream === undefined) throw new Error("expected an open stream of the list, none was opened");
    return stream;
  }

  /** Let the room in, as a member that may do `can`. */
  async greet(more: object = {}): Promise<void> {
    this.socket.accept();
    await this.hear({ ...greeting, limits: { ...greeting.limits, body_bytes: 100 }, ...more });
  }

  /** The server says these lines, and the frame that shows them is drawn. */
  async hear(...lines: Line[]): Promise<void> {
    for (const line of lines) this.socket.say(JSON.stringify(line));
    await this.settle();
  }

  /** The stream of the list says these lines. */
  async hearList(...lines: Line[]): Promise<void> {
    for (const line of lines) this.list.say(JSON.stringify(line));
    await this.settle();
  }

  /** The commands that were sent, without their ids. */
  get sent(): object[] {
    return this.socket.sent.map((line) => {
      const { id: _, ...command } = JSON.parse(line) as { id?: string };
      return command;
    });
  }

  /** Carry out what waits for a microtask or a frame. */
  async settle(): Promise<void> {
    await act(async () => {
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      this.platform.browser.paint();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      this.platform.browser.paint();
    });
  }
}
