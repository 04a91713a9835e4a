// Starts the page that <alcove-room> frames: `/embed/{item}`.
import { browserPlatform, createClient, isRoomId } from "alcove-client";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { nameForToken } from "../session/inventName";
import { askMode } from "../session/mode";
import { Embed } from "./Embed";
import { findHost } from "./host";
import { guestOf, tokensOf } from "./tokens";
import "./embed.css";

/** `…/embed/{item}`, below the server's base path. */
const place = /^(.*)\/embed\/([^/]+)$/.exec(location.pathname);
const item = decoded(place?.[2] ?? "");
const element = document.getElementById("root");
if (element === null) throw new Error("embed.html has no element #root");

if (isRoomId(item)) {
  const base = `${location.origin}${place?.[1] ?? ""}`;
  const host = await findHost();
  const platform = browserPlatform();
  // Inside an application its own cookie counts, unless the page around this one has tokens.
  const mode = host.getOptions().hasTokens ? null : await askMode(base, platform).catch(() => null);
  const getToken = tokensOf(host, base, platform);
  const client = createClient({
    url: base,
    platform,
    ...(mode !== "application" && { getToken }),
    ...(mode === "open" && { name: nameForToken(guestOf(base, platform)) }),
  });
  createRoot(element).render(
    <StrictMode>
      <Embed host={host} client={client} item={item} />
    </StrictMode>,
  );
} else {
  element.textContent = `“${item}” cannot be an item's ID: 1–128 letters, digits and . _ : @ -`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
