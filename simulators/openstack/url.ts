import { type HttpReply, percentDecode } from "../kernel/index.ts";

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** Whether a percent-encoded text is UTF-8 once it is decoded. */
export function isUtf8(encoded: string): boolean {
  if (!encoded.includes("%")) return true;
  try {
    DECODER.decode(percentDecode(encoded));
    return true;
  } catch {
    return false;
  }
}

/**
 * A path that can't be decoded never reaches Nova, Cinder and Glance: the server on which they run answers itself, with neither text nor their
 * envelope (recorded).
 */
export const UNDECODABLE_PATH: HttpReply = {
  status: 500,
  headers: { "Content-Type": "text/plain" },
  body: "",
};

/** Strips slashes from the end. A regular expression would take quadratic time on runs of slashes. */
export function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}
