import { type HttpReply, percentDecode } from "../kernel/index.ts";

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** Is a percent-encoded text UTF-8 once it is decoded? */
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
 * A path that can't be decoded never reaches Nova, Cinder and Glance: the server they stand on answers by itself, without a word or
 * their envelope (recorded).
 */
export const UNDECODABLE_PATH: HttpReply = {
  status: 500,
  headers: { "Content-Type": "text/plain" },
  body: "",
};

/** Slashes at the end taken away. An expression for it would look at each run of slashes as often as it is long. */
export function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}
