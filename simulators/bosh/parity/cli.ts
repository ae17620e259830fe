import { Readable } from "node:stream";
import { parse } from "yaml";
import { type Archive, type BrokenArchive, receiveArchive } from "../artifacts/archive.ts";
import type { Client } from "./client.ts";
import type { CliStep, RecordedRequest } from "./recording.ts";
import { type TaskIds, taskIdIn } from "./task-ids.ts";

/*
 * Replays a step of the real CLI through the requests that it was observed to send: paths come from the
 * recording, bodies from the command line. The CLI's output is not judged here, as that needs the CLI itself.
 */

const POLL = /^\/tasks\/\d+/;

type Draft = Omit<RecordedRequest, "method" | "path">;

const JSON_TYPE = { "Content-Type": "application/json" };
const YAML_TYPE = { "Content-Type": "text/yaml" };
const TAR_TYPE = { "Content-Type": "application/x-compressed" };

const readFlag = (argv: readonly string[], name: string): string | undefined => {
  const at = argv.indexOf(`--${name}`);
  return at >= 0 ? argv[at + 1] : argv.find((each) => each.startsWith(`--${name}=`))?.split("=")[1];
};

/** The body that the CLI sends with a request to this path. */
async function draftOf(client: Client, path: string, argv: readonly string[], latest: string): Promise<Draft> {
  const file = argv.find((each) => each.startsWith("fixtures/")) ?? "";
  const text = (): string => client.fixture(file).toString("utf8");
  const segments = path.split("?")[0]?.split("/") ?? [];
  const [, first, , third] = segments;
  const last = segments.at(-1);
  if (first === "stemcell_uploads") {
    const archive = await receiveArchive(Readable.from([client.fixture(file)]));
    const { name, version } = manifestOf(archive) as { name: string; version: string };
    return { json: { stemcell: { name, version } }, headers: JSON_TYPE };
  }
  if (path.startsWith("/packages/matches")) {
    const archive = await receiveArchive(Readable.from([client.fixture(file)]));
    return { body: JSON.stringify(manifestOf(archive)), headers: YAML_TYPE };
  }
  if (first === "stemcells" || first === "releases") return { body_ref: file, headers: TAR_TYPE };
  if (first === "configs")
    return { json: configBody(path, argv, file === "" ? "" : text(), latest), headers: JSON_TYPE };
  if (first === "cleanup")
    return { json: { config: { remove_all: argv.includes("--all"), keep_orphaned_disks: false } }, headers: JSON_TYPE };
  if (first === "resurrection") return { json: { resurrection_paused: argv.includes("off") }, headers: JSON_TYPE };
  if (third === "errands") {
    const json = {
      instances: instancesOf(argv),
      "keep-alive": argv.includes("--keep-alive"),
      "when-changed": argv.includes("--when-changed"),
    };
    return { json, headers: JSON_TYPE };
  }
  if (last === "ignore") return { json: { ignore: argv.includes("ignore") }, headers: JSON_TYPE };
  if (third === "scans") return { body: "", headers: JSON_TYPE };
  if (third === "jobs" && path.includes("state=")) return { body: "", headers: YAML_TYPE };
  if (last === "ssh") {
    const [job = "", id] = (argv[argv.indexOf("ssh") + 1] ?? "").split("/");
    return {
      json: { command: "setup", target: { job, ids: id === undefined ? [] : [id] }, params: {} },
      headers: JSON_TYPE,
    };
  }
  if (file.endsWith(".txt")) return { body: text(), headers: YAML_TYPE };
  if (file.endsWith(".yml")) return { body: manifestText(text()), headers: YAML_TYPE };
  return {};
}

/** The instances chosen for `run-errand`. */
const instancesOf = (argv: readonly string[]): readonly object[] =>
  argv.flatMap((each, at) => {
    if (each !== "--instance") return [];
    const [group = "", id] = (argv[at + 1] ?? "").split("/");
    return [{ group, ...(id === undefined ? {} : { id }) }];
  });

/** The CLI sends a manifest in the form in which it parsed it. */
const manifestText = (text: string): string => (parse(text) === null ? "" : text);

function configBody(path: string, argv: readonly string[], content: string, latest: string): object {
  const ids = [readFlag(argv, "from-id"), readFlag(argv, "to-id")];
  if (ids[0] !== undefined) return { from: { id: ids[0] }, to: { id: ids[1] } };
  const body = { type: readFlag(argv, "type"), name: readFlag(argv, "name") ?? "default", content };
  return path.startsWith("/configs/diff") ? body : { ...body, expected_latest_id: latest };
}

const userOf = (env: CliStep["cli"]["env"]): string | undefined =>
  env?.BOSH_CLIENT ?? (env?.BOSH_CLIENT_SECRET === undefined ? undefined : "bad");

/** Sends the requests of the CLI; returns how the replies differ. */
export async function replayCli(
  client: Client,
  { cli }: CliStep,
  filled: (path: string) => string,
  tasks: TaskIds,
): Promise<string[]> {
  const found: string[] = [];
  const auth = userOf(cli.env);
  let latest = "0";
  let last: Record<string, unknown> | undefined;
  for (const [at, line] of cli.wire.entries()) {
    const [method = "", path = "", status = ""] = line.replace(" (repeated)", "").split(" ");
    if (POLL.test(path)) continue;
    const draft = method === "GET" || method === "DELETE" ? {} : await draftOf(client, path, cli.argv, latest);
    const who = at === 0 ? "none" : auth;
    const answer = await client.send({
      method,
      path: filled(path).replace(/\{\{\w+\}\}/, String(last?.result ?? "")),
      ...draft,
      ...(who === undefined ? {} : { auth: who }),
    });
    if (answer.status !== Number(status)) found.push(`${line}: got ${answer.status} ${answer.text.slice(0, 200)}`);
    if (path.startsWith("/configs/diff") && answer.status === 200)
      latest = String((JSON.parse(answer.text) as { from?: { id?: string } }).from?.id ?? "0");
    const { location } = answer.headers;
    if (location === undefined) continue;
    last = await client.follow(new URL(location).pathname);
    const recorded = cli.wire.find((each) => POLL.test(each.split(" ")[1] ?? ""));
    const id = recorded?.split(" ")[1]?.split("/")[2];
    const own = taskIdIn(new URL(location).pathname);
    if (id !== undefined && own !== undefined) tasks.bind(Number(id), own);
  }
  // The result of a task is read only when it has succeeded.
  const succeeded = cli.wire.some((line) => line.includes("type=result"));
  if (last !== undefined && (last.state === "done") !== succeeded)
    found.push(`the task ended ${String(last.state)}: ${String(last.result)}`);
  return found;
}

const manifestOf = (archive: Archive | BrokenArchive): unknown =>
  archive.ok && archive.manifest?.ok === true ? archive.manifest.value : {};
