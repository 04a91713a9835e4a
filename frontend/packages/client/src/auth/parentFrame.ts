// The page that frames this one: asked for a fresh token, over a channel that only it can answer on (rule A4).

import { TimeoutError } from "../lib/timeout";
import type { CredentialReason } from "./tokens";

/** How long the host page has to answer, in ms. */
const ANSWER_MS = 7_000;

/** Gives a fresh token, or null where there is no host page or it has none. Rejects where it does not answer. */
export type AskHost = (occasion: Exclude<CredentialReason, "attempt">) => Promise<string | null>;

/**
 * Calls `onToken` for each token that the host page gives unasked, as
 * `frame.contentWindow.postMessage({type: "alcove.token", token}, origin)`; returns what ends that.
 */
export type HearHost = (onToken: (token: string) => void) => () => void;

export const hearHost: HearHost = (onToken) => {
  const onMessage = ({ source, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || window.parent === window) return;
    if (typeof data !== "object" || data === null || !("type" in data) || data.type !== "alcove.token")
      return;
    if ("token" in data && typeof data.token === "string" && data.token !== "") onToken(data.token);
  };
  addEventListener("message", onMessage);
  return () => removeEventListener("message", onMessage);
};

export const askHost: AskHost = (occasion) => {
  if (window.parent === window) return Promise.resolve(null);
  const { port1: ours, port2: theirs } = new MessageChannel();
  return new Promise((resolve, reject) => {
    const settle = (token: string | null) => {
      clearTimeout(timer);
      ours.close();
      resolve(token);
    };
    const timer = setTimeout(() => {
      ours.close();
      reject(new TimeoutError(`the host page gave no token within ${ANSWER_MS} ms`));
    }, ANSWER_MS);
    ours.onmessage = ({ data }: MessageEvent<unknown>) =>
      settle(typeof data === "string" && data !== "" ? data : null);
    // The question holds no secret, and the server's `frame-ancestors` says who may frame this page.
    window.parent.postMessage({ type: "alcove.token", occasion }, "*", [theirs]);
  });
};
