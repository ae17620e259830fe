import type { HttpReply } from "../../../kernel/index.ts";
import type { Headers } from "../state/state.ts";

/** Type of a page. */
export const HTML = { "Content-Type": "text/html; charset=UTF-8" };
/** Type of plain text. */
export const PLAIN = { "Content-Type": "text/plain" };

/** A successful reply without a body. */
export const bareReply = (status: number, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  status,
  headers: { ...HTML, "Content-Length": "0", ...headers },
});

/** Seconds since 1970 with five places, as X-Timestamp has them. */
export const timestamp = (ms: number): string => (ms / 1000).toFixed(5);

/** HTTP dates have whole seconds; Swift rounds up. */
export const httpDate = (ms: number): string => new Date(Math.ceil(ms / 1000) * 1000).toUTCString();

/** The headers as Swift writes them: with a capital after each dash. */
export const titleCase = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase()),
      value,
    ]),
  );

/** Whether a header or parameter says yes, in one of the forms that Swift accepts. */
export const isYes = (value: string | null | undefined): boolean =>
  ["true", "1", "yes", "on", "t", "y"].includes((value ?? "").toLowerCase());
