// Reads the connections to a room from the server (rule W8).
import type { Credential, Platform } from "alcove-client";
import { SERVER } from "../ui/base";

export type ConnectionInfo = {
  readonly key: string;
  readonly name: string;
  readonly process: string;
  readonly state: "inStep" | "behind";
  readonly lag: number;
  readonly since: number;
};

type Answer = {
  readonly connections: readonly {
    readonly name: string;
    readonly process: string;
    readonly state: string;
    readonly lag: number;
    readonly since: number;
  }[];
};

/** Return the connections; null where the member may not see them. Rejects where the server does not answer. */
export async function loadConnections(
  item: string,
  credential: Credential | null,
  platform: Pick<Platform, "fetch">,
  signal: AbortSignal,
): Promise<readonly ConnectionInfo[] | null> {
  const name = credential?.name ? `?${new URLSearchParams({ name: credential.name })}` : "";
  const token = credential?.token ?? null;
  const answer = await platform.fetch(`${SERVER}/api/items/${encodeURIComponent(item)}/connections${name}`, {
    signal,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  if (answer.status === 403) return null;
  if (!answer.ok) throw new Error(`expected the room's connections, got HTTP ${answer.status}`);
  const { connections } = (await answer.json()) as Answer;
  return connections.map(({ state, ...rest }, index) => ({
    ...rest,
    key: `${index}`,
    state: state === "behind" ? "behind" : "inStep",
  }));
}
