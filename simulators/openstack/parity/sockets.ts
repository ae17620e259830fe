import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readScenarios } from "../../parity/recording.ts";
import { ScenarioSetup } from "./actors.ts";
import { cutReply, exchangeBytes, type RawReply, receivedMeanwhile } from "./exchange-bytes.ts";
import type { ScenarioResult } from "./replay.ts";
import { SocketClient } from "./socket-client.ts";

/** Bytes that were sent to a service, and what came back. `{host}`, `{token}`, `{project}`, `{id}` and `*` stand for what varies. */
interface SocketCase {
  readonly id: string;
  readonly service: string;
  readonly send: string;
  readonly reply: { readonly line: string; readonly headers: readonly string[]; readonly body: string };
}

/** The recordings of raw bytes in a directory; an empty list if there are none. */
export function socketFilesIn(directory: string): readonly string[] {
  const own = join(directory, "openstack");
  const folder = existsSync(own) ? own : directory;
  return readdirSync(folder)
    .filter((name) => /^(sockets-|openstack-.*-sockets).*\.jsonl(\.gz)?$/.test(name))
    .map((name) => join(folder, name));
}

/** Sends what was sent to the real services over sockets, in one cloud. The cases of a service are the steps of one scenario. */
export async function replaySockets(files: readonly string[]): Promise<readonly ScenarioResult[]> {
  const cases = files.flatMap((file) => readScenarios<SocketCase>(file));
  if (cases.length === 0) return [];
  await using client = await SocketClient.listen();
  const { variables, actors } = await (await ScenarioSetup.prepare(client)).actorsFor({
    id: "sockets",
    service: "cross",
    title: "",
    steps: [],
  });
  const project = String(variables.get("A.project"));
  const token = actors.A?.token ?? "";
  await storeObject(client, `/v1/AUTH_${project}/sock-c`, token);
  const results: ScenarioResult[] = [];
  for (const [service, group] of Map.groupBy(cases, (each) => each.service)) {
    const failures = [];
    for (const [step, one] of group.entries()) {
      const difference = await differenceOf(one, client.portOf(service), token, project);
      if (difference !== undefined) failures.push({ step, what: one.id, differences: [difference] });
    }
    const [first] = failures;
    results.push({
      id: `sockets-${service}`,
      area: "sockets",
      steps: group.length,
      matched: group.length - failures.length,
      ...(first && { firstDifference: `[${first.what}] ${first.differences[0] ?? ""}` }),
      failures,
      requests: [],
    });
  }
  return results;
}

async function storeObject(client: SocketClient, container: string, token: string): Promise<void> {
  const root = client.rootOf("object-store");
  await client.send("PUT", `${root}${container}`, { "X-Auth-Token": token });
  const headers = { "X-Auth-Token": token, "Content-Type": "application/json" };
  await client.send("PUT", `${root}${container}/o`, headers, Buffer.from("{}"));
}

async function differenceOf(
  { send, reply, id }: SocketCase,
  port: number,
  token: string,
  project: string,
): Promise<string | undefined> {
  const fill = (text: string): string =>
    text.replaceAll("{host}", `127.0.0.1:${port}`).replaceAll("{token}", token).replaceAll("{project}", project);
  // Each character is a byte, except where the recording has one that UTF-8 writes in several.
  const bytes = Buffer.from(fill(send), "utf8");
  const ask = (): Promise<Buffer> => exchangeBytes(port, bytes, id.endsWith("half-closed"));
  if (reply.line.startsWith("(no answer")) {
    const root = Buffer.from(fill("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    const early = await receivedMeanwhile(port, bytes, () => exchangeBytes(port, root));
    return early.length === 0 ? undefined : `no answer expected, got ${early.toString("latin1", 0, 200)}`;
  }
  const [expected, actual] = [recordedReply(reply, fill), cutReply(await ask())];
  if (expected.status !== actual.status)
    return `status ${expected.status} expected, got ${actual.status} ${actual.body.toString("utf8", 0, 300)}`;
  const [wanted, got] = [maskVarying(expected.body.toString("utf8")), maskVarying(actual.body.toString("utf8"))];
  // Long bodies were recorded by their first characters.
  if (wanted.endsWith("...") && sameStart(wanted, got)) return undefined;
  return wanted === got ? undefined : `body ${wanted.slice(0, 400)} expected, got ${got.slice(0, 400)}`;
}

/** The recorded answer as bytes again: after `100 Continue` the body holds the final one, and a page without a status line stands in its line. */
function recordedReply({ line, headers, body }: SocketCase["reply"], fill: (text: string) => string): RawReply {
  const head = [line, ...headers].join("\r\n");
  if (!line.startsWith("HTTP/")) return { status: 0, headers: {}, body: Buffer.from(line) };
  return cutReply(Buffer.from(fill(`${head}\r\n\r\n${body}`)));
}

/** Whether both begin with the same key: the order of the others is not the services' own. */
function sameStart(cut: string, whole: string): boolean {
  const firstKey = /"\w+"/.exec(cut)?.[0];
  return firstKey !== undefined && whole.includes(firstKey);
}

/** JSON with its keys in order and what varies by run (ids, times) made equal; another body as it is. */
function maskVarying(text: string): string {
  const masked = text
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b|\{id\}/g, "{id}")
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?/g, "{time}")
    .replaceAll(/"req-\{id\}"/g, '"*"')
    .replaceAll(/127\.0\.0\.1:\d+/g, "{host}");
  try {
    return JSON.stringify(sortKeys(JSON.parse(masked)));
  } catch {
    return masked;
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sortKeys(member)]),
  );
}
