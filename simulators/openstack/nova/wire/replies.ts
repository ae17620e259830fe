import { type HttpReply, json } from "../../../kernel/index.ts";

/** An empty answer in this API's form. */
export const emptyReply = (status: number, type = "application/json"): HttpReply => ({
  status,
  body: "",
  headers: { "Content-Type": type },
});
/** The content type of some empty answers. */
export const HTML_TYPE = "text/html; charset=UTF-8";

/** An answer in JSON with status 200. */
export const ok = (value: unknown): HttpReply => json(200, value);
