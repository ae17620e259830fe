import { type HttpReply, json } from "../../kernel/index.ts";
import { DataServiceError, type DataServiceErrorCode } from "./errors.ts";

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

const STATUSES: Partial<Record<DataServiceErrorCode, number>> = {
  DS_NOT_A_DUMP: 422,
  DS_FOREIGN_DUMP: 422,
  DS_NOT_RESTORED: 422,
  // Not a 5xx, because retrying changes nothing.
  DS_DUMP_TOO_LARGE: 422,
  DS_NOT_COVERED: 422,
  DS_NOT_SIMULATED: 501,
  DS_REFUSED: 503,
};

/** The agent's answer for what a handler has thrown; it quotes no data. */
export function refusalOf(error: unknown): HttpReply {
  if (error instanceof AgentError) return error.reply;
  if (error instanceof DataServiceError) {
    return new AgentError(STATUSES[error.code] ?? 500, error.code.toLowerCase(), error.message).reply;
  }
  return new AgentError(500, "server_failed", `the data service failed (${reasonOf(error)})`).reply;
}

/** Messages of the server, and of the language, may quote data; their codes and names suffice. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no error was given";
  if ("severity" in error && "code" in error) return `SQLSTATE ${String(error.code)}`;
  return error.name === "Error" || "code" in error ? error.message : error.name;
}
