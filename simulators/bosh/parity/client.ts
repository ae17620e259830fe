import { generateKeyPairSync } from "node:crypto";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { basicHeader, type HttpReply, Kernel, makeRequest, Process, serialise } from "../../kernel/index.ts";
import { issueToken } from "../auth/token.ts";
import type { CpiError } from "../cpi/cpi.ts";
import { withFailing } from "../cpi/faults.ts";
import { type Bosh, createBosh, createDummyCpi, type DirectorOptions } from "../index.ts";
import { uploadWith } from "../routes/uploads.ts";
import { loopbackOf } from "./loopback.ts";
import { fixtureOf, type RecordedRequest, type Scenario } from "./recording.ts";
import { taskIdIn } from "./task-ids.ts";

/** The users of the recorded director. */
const REFERENCE_USERS: DirectorOptions["users"] = [
  { name: "admin", password: "adminpw", scopes: ["bosh.admin"] },
  { name: "reader", password: "readerpw", scopes: ["bosh.read"] },
  { name: "team-a", password: "teampw", scopes: ["bosh.teams.a.admin"] },
  { name: "uploader", password: "uploadpw", scopes: ["bosh.releases.upload", "bosh.stemcells.upload"] },
  { name: "nobody", password: "nobodypw", scopes: ["other"] },
];

const CERTIFICATES = [
  { path: "director.ssl.cert", expiryMs: Date.UTC(2036, 10, 20) },
  { path: "nats.ca", expiryMs: Date.UTC(2049, 8, 30, 23, 19, 10) },
  { path: "expired.one", expiryMs: Date.UTC(2025, 0, 1) },
];

const UAA_URL = "https://127.0.0.1:28443";
const HOST = "127.0.0.1:25555";
/** The time between two requests of one client. */
const REQUEST_MS = 20;
const TASK_MS_MAX = 3_600_000;
const POLL_MS = 120;

/**
 * The first recordings used a config server with its own texts, later ones a config server that answers like
 * CredHub.
 */
const refusalsIn = (recordings: string): object =>
  /-2\.jsonl/.test(recordings)
    ? {}
    : { refusals: { missing: "not found", type: "The request could not be completed." } };

const pair = (): { privateKey: string; publicKey: string } =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });

/** An answer of the director as sent over the wire, decompressed. */
export interface DirectorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** One director in process, which the replay uses as clients do. */
export class Client {
  readonly kernel: Kernel;
  readonly bosh: Bosh;
  readonly dummy: ReturnType<typeof createDummyCpi>;
  /** The methods at which the CPI currently fails. */
  readonly failing = new Map<string, CpiError>();
  readonly #recordings: string;
  readonly #keys: { own: ReturnType<typeof pair>; foreign: ReturnType<typeof pair> } | undefined;

  /** `recordings` is a file next to the fixtures; `mode` is how the director differs from the reference. */
  constructor(recordings: string, mode?: Scenario["director_mode"], seed: string | number = "parity") {
    this.kernel = new Kernel({ seed, pace: "realistic" });
    this.#recordings = recordings;
    const isUaa = mode?.startsWith("uaa") === true;
    this.#keys = isUaa ? { own: pair(), foreign: pair() } : undefined;
    this.dummy = createDummyCpi(this.kernel);
    this.bosh = createBosh(this.kernel, {
      name: "reference",
      users: REFERENCE_USERS,
      cpi: withFailing(this.dummy, this.failing),
      certificates: CERTIFICATES,
      cpiName: "dummy",
      agentWaitMs: 20_000,
      resurrector: false,
      runScripts: true,
      processUptimeS: 12,
      ...(this.#keys && { uaa: { url: UAA_URL, ...this.#keys.own, clients: [], users: [] } }),
      ...(mode?.includes("snapshots enabled") && { snapshots: true }),
      ...(mode?.includes("config server") && {
        configServer: { url: "https://127.0.0.1:28444/", makesAnyCertificate: true, ...refusalsIn(recordings) },
      }),
    });
  }

  readonly #upload = uploadWith(loopbackOf((name) => this.#fixtureNamed(name)));

  #fixtureNamed(name: string): Buffer {
    try {
      return this.fixture(`fixtures2/${name}`);
    } catch {
      return this.fixture(name);
    }
  }

  /** Generates the keys of an issuer of tokens. */
  signing(): ReturnType<typeof pair> {
    return pair();
  }

  fixture(name: string): Buffer {
    return fixtureOf(this.#recordings, name);
  }

  #authorization({ auth = "admin", jwt, jwt_note: note }: RecordedRequest): string | undefined {
    if (jwt !== undefined) return jwt === null ? undefined : this.#token(jwt, note ?? "");
    if (auth === "none") return undefined;
    const user = REFERENCE_USERS.find(({ name }) => name === (auth === "bad" ? "admin" : auth));
    const password = auth === "bad" ? "wrong" : (user?.password ?? "");
    return basicHeader(user?.name ?? auth, password);
  }

  #token(claims: Readonly<Record<string, unknown>>, note: string): string {
    if (this.#keys === undefined) return "bearer none";
    if (note === "garbage") return "bearer garbage";
    const now = Math.floor(this.kernel.nowMs / 1000);
    // `now-10`: relative to now.
    const exp = now + Number(/^now([+-]\d+)$/.exec(String(claims.exp))?.[1] ?? 3600);
    const keys = note.includes("foreign") ? this.#keys.foreign : this.#keys.own;
    const common = { jti: "token", client_id: "ci", scope: ["bosh.admin"] };
    const token = issueToken({ ...common, ...claims, exp }, keys.privateKey);
    return `${note.includes("capital") ? "Bearer" : "bearer"} ${token}`;
  }

  async send(recorded: RecordedRequest): Promise<DirectorAnswer> {
    this.kernel.advanceBy(REQUEST_MS);
    const authorization = this.#authorization(recorded);
    const body: Uint8Array | string =
      recorded.body_ref !== undefined
        ? this.fixture(recorded.body_ref)
        : recorded.json !== undefined
          ? JSON.stringify(recorded.json)
          : (recorded.body ?? "");
    const headers: Record<string, string> = { host: HOST };
    if (authorization !== undefined) headers.authorization = authorization;
    for (const [name, value] of Object.entries(recorded.headers ?? {})) headers[name.toLowerCase()] = value;
    const request = makeRequest(recorded.method, recorded.path, { headers, body, origin: `https://${HOST}` });
    const upload = this.bosh.director.uploadOf(request.method, request.path);
    const ready =
      upload === undefined
        ? request
        : { ...request, body: "", received: await this.#upload.receive(Readable.from([Buffer.from(body)]), request) };
    return answerOf(this.#settle(this.bosh.director.receive(ready)));
  }

  #settle(reply: HttpReply | Process<HttpReply>): HttpReply {
    if (!(reply instanceof Process)) return reply;
    while (reply.running) if (!this.kernel.step()) throw new Error("the reply never comes");
    if (reply.outcome.state !== "done") throw new Error("the reply failed");
    return reply.outcome.value;
  }

  async get(path: string): Promise<DirectorAnswer> {
    return this.send({ method: "GET", path, ...this.#admin() });
  }

  #admin(): Partial<RecordedRequest> {
    return this.#keys === undefined ? {} : { jwt: { client_id: "ci", scope: ["bosh.admin"] }, jwt_note: "admin" };
  }

  /** Follows a task to its end and returns its last state. */
  async follow(path: string): Promise<Record<string, unknown>> {
    for (const until = this.kernel.nowMs + TASK_MS_MAX; this.kernel.nowMs < until; this.kernel.advanceBy(POLL_MS)) {
      const answer = await this.get(path);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
      const task: Record<string, unknown> = JSON.parse(answer.text);
      if (!["queued", "processing", "cancelling"].includes(String(task.state))) return task;
    }
    throw new Error(`${path} does not end`);
  }

  /** Runs one verb of a scenario's setup to the end of its task, and returns the id of that. */
  async run(verb: string): Promise<number | undefined> {
    const [name, argument = ""] = verb.split(" ");
    const yaml = { "Content-Type": "text/yaml" };
    const compressed = { "Content-Type": "application/x-compressed" };
    const requests: Readonly<Record<string, RecordedRequest>> = {
      "upload-stemcell": { method: "POST", path: "/stemcells", body_ref: argument, headers: compressed },
      "upload-release": { method: "POST", path: "/releases", body_ref: argument, headers: compressed },
      "update-cloud-config": { method: "POST", path: "/cloud_configs?name=default", body_ref: argument, headers: yaml },
      "update-runtime-config": {
        method: "POST",
        path: "/runtime_configs?name=default",
        body_ref: argument,
        headers: yaml,
      },
      deploy: { method: "POST", path: "/deployments", body_ref: argument, headers: yaml },
      "delete-deployment": { method: "DELETE", path: `/deployments/${argument}` },
    };
    const request = requests[name ?? ""];
    if (request === undefined) throw new Error(`not simulated: setup '${verb}'`);
    const answer = await this.send(request);
    const task = taskIdIn(answer.headers.location);
    if (task !== undefined) await this.follow(`/tasks/${task}`);
    return task;
  }
}

function answerOf(reply: HttpReply): DirectorAnswer {
  const { body, headers: given } = serialise(reply);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given))
    headers[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  const sent = typeof body === "string" ? Buffer.from(body) : Buffer.from(body);
  const bytes = headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
  return { status: reply.status, headers, text: bytes.toString("utf8"), bytes };
}
