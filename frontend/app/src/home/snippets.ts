// What a developer pastes to embed a room, with this server's own address.
import { roomHref } from "../ui/roomHref";

export const kinds = ["script", "react", "curl"] as const;
export type Kind = (typeof kinds)[number];

const OPEN_MODE_TOKEN = "any-token";
/** Each browser is a member of its own. */
const OWN_TOKEN = "() => (localStorage.alcove ??= crypto.randomUUID())";
const TOKEN_URL = "/alcove-token";
const FETCH_TOKEN = `({ signal }) =>
  (await (await fetch("${TOKEN_URL}", { signal })).json()).token`;

/** In open mode the code runs as it is; with a key it needs a token endpoint, or a token. */
export function snippetOf(kind: Kind, item: string, server: string, isOpen: boolean): string {
  const path = roomHref(item).replace("/items/", "/api/items/");
  switch (kind) {
    case "script":
      return `<script src="${server}/embed.js" async></script>
<alcove-room item="${item}"${isOpen ? "" : ` token-url="${TOKEN_URL}"`}></alcove-room>`;
    case "react":
      return `import { createClient } from "alcove-client";
import { AlcoveProvider, Room } from "alcove-react";
import "alcove-react/styles.css";

const getToken = async ${isOpen ? OWN_TOKEN : FETCH_TOKEN};
const client = createClient({ url: "${server}", getToken });

export const Conversation = () => (
  <AlcoveProvider client={client}>
    <div style={{ height: 600 }}>
      <Room item="${item}" />
    </div>
  </AlcoveProvider>
);`;
    case "curl":
      return `curl ${server}${path}/entries \\
  -H "Authorization: Bearer ${isOpen ? OPEN_MODE_TOKEN : "$TOKEN"}" \\
  -H "Content-Type: application/json" \\
  -d '{"body": "Hello from curl"}'`;
  }
}
