import type { LiveMessage } from "../feed.ts";
import type { Status } from "./store.ts";

const TOKEN_KEY = "drydock-live-token";
/** Pauses between attempts to connect again, in ms; the last is kept. */
const RETRY_MS = [500, 1000, 2000, 5000] as const;

/** The token behind the `#` of the address, which is then removed from the address bar; after a reload, the one that was kept. */
export function takeToken(): string {
  const [token = "", view = ""] = location.hash.slice(1).split("/");
  if (token.length > 20) {
    sessionStorage.setItem(TOKEN_KEY, token);
    history.replaceState(null, "", `${location.pathname}${view === "" ? "" : `#/${view}`}`);
    return token;
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? "";
}

/** The error that an answer reports. */
export class AnswerError extends Error {}

/** Sends the server a request. Throws an AnswerError with the server's words. */
export async function ask<T>(token: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer: T & { readonly error?: { readonly message?: string } } = await response.json().catch(() => ({}));
  if (!response.ok) throw new AnswerError(answer.error?.message ?? `the answer is ${response.status}`);
  return answer;
}

interface Listener {
  onMessage(message: LiveMessage): void;
  onStatus(status: Status): void;
}

/** Cuts incoming text into server-sent events. */
function* eventsIn(text: string): Generator<{ readonly id: string; readonly data: string }> {
  for (const block of text.split("\n\n")) {
    const lines = block.split("\n");
    const field = (name: string): string =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
    if (field("data") !== "") yield { id: field("id"), data: field("data") };
  }
}

/** Reads one connection to its end; returns the id of its last event. */
async function readStream(
  response: Response,
  last: string,
  onMessage: (message: LiveMessage) => void,
): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let seen = last;
  for (;;) {
    const { done, value = "" } = (await reader?.read().catch(() => ({ done: true, value: "" }))) ?? { done: true };
    if (done) return seen;
    rest += value;
    const cut = rest.lastIndexOf("\n\n");
    if (cut === -1) continue;
    for (const { id, data } of eventsIn(rest.slice(0, cut))) {
      seen = id;
      const message: LiveMessage = JSON.parse(data);
      onMessage(message);
    }
    rest = rest.slice(cut + 2);
  }
}

/** Follows the stream for as long as the page is open: a broken connection is made again, and continues after the last event. */
export async function follow(token: string, listener: Listener): Promise<void> {
  let last = "0";
  for (let attempt = 0; ; attempt++) {
    const headers = { authorization: `Bearer ${token}`, "last-event-id": last };
    const response = await fetch("/stream", { headers }).catch(() => undefined);
    if (response?.status === 401 || response?.status === 403) return listener.onStatus("refused");
    if (response?.ok === true) {
      attempt = 0;
      listener.onStatus("live");
      last = await readStream(response, last, (message) => listener.onMessage(message));
    }
    listener.onStatus("lost");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
  }
}
