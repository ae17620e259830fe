import type { Exchange } from "../client/http/exchange.ts";
import { REDACTED } from "../client/http/redact.ts";
import { quoteForShell } from "../client/http/shell.ts";
import { type DataClient, ENGINE_SIGNS } from "./engines.ts";
import {
  type Address,
  DataError,
  type Login,
  type Reach,
  type Vantage,
  type WebAnswer,
  type WebRequest,
} from "./plane.ts";
import type { TableRows } from "./statement.ts";

/** A login with its description for reports, which never contain the secret itself. */
export interface Access {
  readonly login: Login;
  /** "binding 1f2e… of instance 9c4d…" */
  readonly of: string;
}

/** The longest answer of a data service in evidence, in characters. */
const ANSWER_CHARS_MAX = 600;

function redisLine({ host, port }: Login, command: string): string {
  return `REDISCLI_AUTH="$BINDING_PASSWORD" redis-cli -h ${quoteForShell(host)} -p ${port} --user "$BINDING_USER" ${command}`;
}

function psqlLine(login: Login, sql: string): string {
  const address = `-h ${quoteForShell(login.host)} -p ${login.port} -d ${quoteForShell(login.database)}`;
  return `PGUSER="$BINDING_USER" PGPASSWORD="$BINDING_PASSWORD" psql ${address} -c ${quoteForShell(sql)}`;
}

const mongoLine = ({ host, port, database }: Login, command: string): string =>
  `mongosh --host ${quoteForShell(host)} --port ${port} -u "$BINDING_USER" -p "$BINDING_PASSWORD" ${quoteForShell(database)} # ${command}`;

const mysqlLine = ({ host, port, database }: Login, sql: string): string =>
  `MYSQL_PWD="$BINDING_PASSWORD" mysql -h ${quoteForShell(host)} -P ${port} -u "$BINDING_USER" ${quoteForShell(database)} -e ${quoteForShell(sql)}`;

const webLine = ({ host, port }: Login, text: string): string => {
  const [, method = "GET", path = "/"] = /^(\S+) (\S+)/.exec(text) ?? [];
  return `curl -u "$BINDING_USER:$BINDING_PASSWORD" -X ${method} ${quoteForShell(`https://${host}:${port}${path}`)}`;
};

const LINES: Readonly<Record<DataClient, (login: Login, text: string) => string>> = {
  postgresql: psqlLine,
  redis: redisLine,
  mongodb: mongoLine,
  mysql: mysqlLine,
  rabbitmq: webLine,
  search: webLine,
};

const METHODS: Readonly<Record<DataClient, string>> = {
  postgresql: "SQL",
  redis: "REDIS",
  mongodb: "MONGODB",
  mysql: "SQL",
  rabbitmq: "AMQP",
  search: "SEARCH",
};

/** Rows in readable form, cut to the limit of evidence. */
export function rowsText(rows: TableRows): string {
  const text = rows.map((row) => row.map((value) => value ?? "NULL").join(" | ")).join("\n");
  const shown = text.length > ANSWER_CHARS_MAX ? `${text.slice(0, ANSWER_CHARS_MAX)}…` : text;
  return `${shown}${shown === "" ? "" : "\n"}(${rows.length} rows)`;
}

/** Servers tend to name the user that they refuse. */
function hideSecrets({ username, password }: Login, text: string): string {
  return [username, password].reduce(
    (shown, secret) => (secret === "" ? shown : shown.replaceAll(secret, REDACTED)),
    text,
  );
}

/** The result of a step: an answer in words, or none. */
export type StepEnd = { readonly body: string } | { readonly error: DataError };

/** A vantage in words. */
export const describeVantage = (from: Vantage): string => (typeof from === "string" ? from : `the VM of ${from.vmOf}`);

const WORDS: Readonly<Record<Reach, string>> = {
  shut: "nobody takes the connection",
  open: "something answers",
  silent: "the connection is taken, and nothing is said",
};

/** A connection to a port as evidence. */
export function connectionExchange(
  { host, port }: Address,
  from: Vantage,
  ended: Reach | DataError,
  elapsedMs: number,
): Exchange {
  const url = `tcp://${host}:${port}`;
  const shared = {
    curl: `nc -vz '${host}' ${port}`,
    request: { method: "TCP", url, headers: { from: describeVantage(from) } },
  };
  if (ended instanceof DataError) return { ...shared, error: ended.message };
  if (ended === "shut") return { ...shared, error: WORDS.shut };
  return { ...shared, response: { headers: {}, body: WORDS[ended], elapsedMs: Math.round(elapsedMs) } };
}

const shorten = (text: string): string =>
  text.length > ANSWER_CHARS_MAX ? `${text.slice(0, ANSWER_CHARS_MAX)}…` : text;

/** An HTTP request to something other than the broker, as evidence. */
export function webExchange(
  { method, url, body }: WebRequest,
  from: Vantage,
  ended: WebAnswer | DataError,
  elapsedMs: number,
): Exchange {
  const data = body === undefined ? "" : ` --data ${quoteForShell(body)}`;
  const shared = {
    curl: `curl -X ${method} ${quoteForShell(url)}${data}`,
    request: { method, url, headers: { from: describeVantage(from) }, ...(body !== undefined && { body }) },
  };
  if (ended instanceof DataError) return { ...shared, error: ended.message };
  const { status, text } = ended;
  return { ...shared, response: { status, headers: {}, body: shorten(text), elapsedMs: Math.round(elapsedMs) } };
}

/** The transfer of a zone as evidence; without names, it was refused. */
export function transferExchange(zone: string, from: Vantage, names: string, elapsedMs: number): Exchange {
  const shared = {
    curl: `dig AXFR ${quoteForShell(zone)}`,
    request: { method: "AXFR", url: `dns:${zone}`, headers: { from: describeVantage(from) } },
  };
  if (names === "") return { ...shared, error: "the transfer is refused" };
  return { ...shared, response: { headers: {}, body: shorten(names), elapsedMs: Math.round(elapsedMs) } };
}

/** A step on the data plane as evidence: anything that a server said counts as an answer, silence does not. */
export function statementExchange(
  access: Access,
  from: Vantage,
  sql: string,
  ended: StepEnd,
  elapsedMs: number,
): Exchange {
  const { client, host, port, database } = access.login;
  const request = {
    method: METHODS[client],
    url: `${ENGINE_SIGNS[client].shown}://${host}:${port}/${database.replace(/^\//, "")}`,
    headers: { credentials: access.of, from: describeVantage(from) },
    body: sql,
  };
  const curl = LINES[client](access.login, sql);
  const error = "error" in ended ? hideSecrets(access.login, ended.error.message) : "";
  if ("error" in ended && ["unreachable", "nowhere"].includes(ended.error.fault)) return { curl, request, error };
  const body = "body" in ended ? ended.body : `ERROR ${ended.error.code ?? ""} ${error}`;
  return { curl, request, response: { headers: {}, body, elapsedMs: Math.round(elapsedMs) } };
}
