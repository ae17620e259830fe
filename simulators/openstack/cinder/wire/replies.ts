import { type HttpReply, json } from "../../../kernel/index.ts";

export const HTML = "text/html; charset=UTF-8";

/** An empty answer: most actions say JSON, deletions HTML. */
export const acceptedReply = (): HttpReply => ({
  status: 202,
  body: "",
  headers: { "Content-Type": "application/json" },
});
export const emptyReply = (status = 202): HttpReply => ({ status, body: "", headers: { "Content-Type": HTML } });
export const ok = (value: unknown, status = 200): HttpReply => json(status, value);
