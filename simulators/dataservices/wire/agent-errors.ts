import { type HttpReply, json } from "../../kernel/index.ts";

/** A refusal of the agent: `{error: {code, message}}`. Status 0 breaks the connection without an answer. */
export class AgentError extends Error {
  readonly reply: HttpReply;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "AgentError";
    const headers = status === 401 ? { "WWW-Authenticate": 'Basic realm="agent"' } : undefined;
    this.reply =
      status === 0 ? { status: 0, wire: { kind: "reset" } } : json(status, { error: { code, message } }, headers);
  }
}

/** User and password of an Authorization header (RFC 7617); empty where it is none. */
export function basicOf(header: string | undefined): { readonly username: string; readonly password: string } {
  const [, encoded] = /^basic\s+(\S+)$/i.exec(header ?? "") ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0
    ? { username: "", password: "" }
    : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
