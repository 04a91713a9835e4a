// Requests tokens from the page that frames this one, over a port that only that page can answer on (rule A4).

import { TimeoutError } from "../lib/timeout";
import type { CredentialReason } from "./tokens";

/** How long the host page has to answer, in ms. */
const ANSWER_MS = 7_000;

/** Return another token; null where no page frames this one, or it has none. Rejects where it does not answer. */
export type AskHost = (occasion: Exclude<CredentialReason, "attempt">) => Promise<string | null>;

/**
 * Call `onToken` for each token that the host page sends without a request, by
 * `frame.contentWindow.postMessage({type: "alcove.token", token}, origin)`; returns the function that ends this.
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
    // The request holds no secret, and the server's `frame-ancestors` says who may frame this page.
    window.parent.postMessage({ type: "alcove.token", occasion }, "*", [theirs]);
  });
};
