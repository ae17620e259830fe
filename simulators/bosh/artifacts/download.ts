import { Readable } from "node:stream";
import { type Archive, type BrokenArchive, receiveArchive } from "./archive.ts";

/*
 * Uploads by URL (download_helper.rb in bosh-director). The archive is downloaded while the request is
 * received, because a task can't wait for the network; the task then reports the result. A world reaches no
 * other machine: only addresses of this one are fetched.
 */

/** The parts of an answer to a GET that a download needs. */
export interface Downloaded {
  readonly status: number;
  readonly location: string | null;
  readonly body: ReadableStream<Uint8Array> | null;
}

/** Fetches one address, following nothing. @throws when there is no answer */
export type Fetcher = (url: string, authorization: string | undefined) => Promise<Downloaded>;

/** The result of a download: the archive, or the error of the task, which depends on what was to be downloaded. */
export type Download =
  | { readonly kind: "archive"; readonly archive: Archive | BrokenArchive }
  | { readonly kind: "failed" }
  | { readonly kind: "missing"; readonly url: string }
  | { readonly kind: "refused"; readonly code: number; readonly message: string };

/** How many redirects are followed. */
const REDIRECTS_MAX = 9;
const DOWNLOAD_MS_MAX = 60_000;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether an address belongs to this machine. */
export const isLocal = (url: string): boolean => LOOPBACK.test(new URL(url).hostname);

/** Fetches only addresses of this machine. */
export const fetchLocally: Fetcher = async (url, authorization) => {
  if (!isLocal(url)) throw new Error("not simulated: downloads from other machines");
  const reply = await fetch(url, {
    redirect: "manual",
    signal: AbortSignal.timeout(DOWNLOAD_MS_MAX),
    headers: authorization === undefined ? {} : { authorization },
  });
  return { status: reply.status, location: reply.headers.get("location"), body: reply.body };
};

const UNCLASSED = 100;
const RESOURCE_ERROR = 100001;

/** An address with its credentials redacted, as messages show it. */
const redact = (url: string): string => url.replace(/^(\w+:\/\/)[^/@:]*:[^/@]*@/, "$1<redacted>:<redacted>@");

/** Downloads an archive. Never throws: the task that needs it fails. */
export async function downloadArchive(location: unknown, fetcher: Fetcher): Promise<Download> {
  if (typeof location !== "string") return { kind: "failed" };
  if (/[\s<>"{}|\\^`]/.test(location)) return { kind: "failed" };
  if (!/^https?:\/\//i.test(location)) return { kind: "refused", code: UNCLASSED, message: "not an HTTP URI" };
  try {
    return await followUrl(location, fetcher, 0);
  } catch {
    return { kind: "failed" };
  }
}

async function followUrl(url: string, fetcher: Fetcher, redirects: number): Promise<Download> {
  const parsed = new URL(url);
  const hasUser = parsed.username !== "" && parsed.password !== "";
  const user = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  parsed.username = "";
  parsed.password = "";
  const authorization = hasUser ? `Basic ${Buffer.from(user).toString("base64")}` : undefined;
  const { status, location, body } = await fetcher(parsed.href, authorization);
  if (status >= 200 && status < 300)
    return {
      kind: "archive",
      archive: await receiveArchive(body === null ? Readable.from([]) : Readable.fromWeb(body)),
    };
  await body?.cancel();
  if (status === 404) return { kind: "missing", url: redact(url) };
  if (status !== 301 && status !== 302) return { kind: "failed" };
  const refuse = (message: string): Download => ({ kind: "refused", code: RESOURCE_ERROR, message });
  if (redirects >= REDIRECTS_MAX) return refuse(`Too many redirects at '${redact(url)}'.`);
  if (location === null) return refuse(`No location header for redirect found at '${redact(url)}'.`);
  return followUrl(new URL(location, url).href, fetcher, redirects + 1);
}
