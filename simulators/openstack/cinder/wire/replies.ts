import { type HttpReply, json } from "../../../kernel/index.ts";

/** The content type of answers without a body. */
export const HTML = "text/html; charset=UTF-8";

/** The content types of an empty answer: JSON for most actions, HTML for deletions. */
export const acceptedReply = (): HttpReply => ({
  status: 202,
  body: "",
  headers: { "Content-Type": "application/json" },
});
/** An empty answer. Default 202. */
export const emptyReply = (status = 202): HttpReply => ({ status, body: "", headers: { "Content-Type": HTML } });
/** An answer in JSON. Default 200. */
export const ok = (value: unknown, status = 200): HttpReply => json(status, value);
