import { describe, expect, it } from "vitest";
import type { ToyBrokerOptions } from "../toy/broker.ts";
import { ToyCloud } from "../toy/cloud.ts";
import { toyOptions, type Wire } from "../toy/mutants.ts";
import type { RunEvent } from "../../runner/events.ts";
import { certify } from "../../runner/certify.ts";
import type { CertifyOptions } from "../../runner/options.ts";
import type { CertifySummary } from "../../runner/summary.ts";
import { findUnnoticed } from "../../selftest/selftest.ts";
import { sliceOf } from "../../../scripts/tests/slice.ts";
import { extensionDialect } from "../toy/extension.ts";
import { a9sDialect } from "./doubles/a9s.ts";
import { backupMutants } from "./mutants/index.ts";
import { backupSuite } from "./suite.ts";
import { jsonOf, reply } from "../../osb/memory-broker/http.ts";

type Finished = Extract<RunEvent, { type: "check-finished" }>;

interface Ran {
  readonly summary: CertifySummary;
  readonly finished: readonly Finished[];
  readonly cloud: ToyCloud;
}

async function run(
  options: Partial<CertifyOptions> = {},
  broker: ToyBrokerOptions = {},
  cloud = new ToyCloud(),
): Promise<Ran> {
  const finished: Finished[] = [];
  const all = { ...toyOptions(cloud, broker), suites: [backupSuite], ...options };
  const summary = await certify(all, (event) => {
    if (event.type === "check-finished") finished.push(event);
  });
  return { summary, finished, cloud };
}

const A9S = a9sDialect(["instances"], "restore");

const verdicts = ({ finished }: Ran): readonly string[] => [...new Set(finished.map(({ verdict }) => verdict))];
const reasons = ({ finished }: Ran): readonly (string | undefined)[] => [
  ...new Set(finished.map(({ reason }) => reason)),
];

/** Checks that work with the data. */
const DATA = { only: ["BK-1*", "BK-48"] };

describe("the backup suite", () => {
  it("notices every mutant with the checks meant for it", async () => {
    // In `npm run selftest` every mutant meets every check.
    expect(await findUnnoticed({ ...backupMutants, mutants: sliceOf(backupMutants.mutants, 8) })).toEqual([]);
  });

  it("accuses sound clouds of nothing", async () => {
    for (const clean of backupMutants.cleanRuns ?? [])
      expect((await clean.run()).filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable")).toEqual(
        [],
      );
  });

  it("shows a finding with the requests and the statement that show it, and no secret", async () => {
    const cloud = new ToyCloud({ restore: () => {} });
    const { finished } = await run({ only: ["BK-11"] }, {}, cloud);
    const [check] = finished;
    expect(check?.verdict).toBe("fail");
    expect(check?.seen).toMatch(/^table drydock_dropped is missing; /);
    const methods = check?.evidence.map(({ request }) => request.method);
    expect(methods).toEqual(["POST", "GET", "POST", "GET", "SQL"]);
    const statement = check?.evidence.at(-1);
    expect(statement?.curl).toMatch(
      /^PGUSER="\$BINDING_USER" PGPASSWORD="\$BINDING_PASSWORD" psql -h 'd\w+\.toy\.test' -p 5432/,
    );
    expect(statement?.response).toMatchObject({ headers: {} });
    expect(JSON.stringify(check)).not.toMatch(/secret-\d/);
  });

  it.each([
    ["extension", extensionDialect],
    ["a9s", A9S],
  ] as const)("finds an interface of the kind %s and leaves nothing behind", async (_name, backups) => {
    const ran = await run({ only: ["BK-1*", "BK-48"] }, { backups });
    expect(verdicts(ran)).toEqual(["pass"]);
    expect([ran.summary.exitCode, ran.summary.leftBehind, ran.cloud.instances.size]).toEqual([0, [], 0]);
  });

  it("is not applicable where no interface for backups answers, and shows what was asked", async () => {
    const ran = await run({}, { backups: null });
    expect(verdicts(ran)).toEqual(["not-applicable"]);
    expect(reasons(ran)[0]).toMatch(/^no interface for backups answers with a list \(extension 404, a9s 404, /);
    expect(ran.finished[0]?.evidence.map(({ response }) => response?.status)).toEqual([404, 404, 404, 404]);
  });

  it("is unknown where drydock.yml claims an interface that is not there", async () => {
    const ran = await run({ file: "backup: { driver: swisscom }" }, {});
    expect(verdicts(ran)).toEqual(["unknown"]);
    expect(reasons(ran)).toEqual(["no interface for backups answers with a list (swisscom (drydock.yml) 404)"]);
  });

  it("is not applicable to a service for whose credentials it has no client", async () => {
    const ran = await run(DATA, { scheme: "nats" });
    expect(verdicts(ran)).toEqual(["not-applicable"]);
    expect(reasons(ran)).toEqual(["toy-db: no data client for nats://…; toy-db-next: no data client for nats://…"]);
    expect(ran.finished[0]?.evidence[0]?.response?.body).toContain('"credentials":{"host":"[redacted]"');
    expect(ran.cloud.instances.size).toBe(0);
  });

  it("is not applicable to a broker in the same process that gives no access to its data", async () => {
    const { data: _, ...blind } = toyOptions(new ToyCloud());
    const summary = await certify({ ...blind, ...DATA, suites: [backupSuite] });
    const outcomes = new Set(summary.results.map(({ verdict, reason }) => `${verdict}: ${reason}`));
    expect([...outcomes]).toEqual(["not-applicable: there is no way to the data services (option data)"]);
  });

  it("is unknown, not passed, when a tenant can't reach its own data", async () => {
    const ran = await run(DATA, {}, new ToyCloud({ admits: () => false }));
    expect(verdicts(ran)).toEqual(["unknown"]);
    expect(reasons(ran)[0]).toMatch(/^the credentials of a binding do not let in .*: password authentication failed/);
    expect([ran.summary.exitCode, ran.cloud.instances.size]).toEqual([2, 0]);
  });

  it("sends the broker's credentials nowhere else, and reveals nobody else's", async () => {
    const asked: { url: string; authorization: string | undefined }[] = [];
    const cloud = new ToyCloud();
    const toy = toyOptions(cloud);
    const fetch: NonNullable<CertifyOptions["fetch"]> = async (url, init) => {
      asked.push({ url, authorization: new Headers(init?.headers).get("authorization") ?? undefined });
      if (url.startsWith("http://elsewhere.test/")) return new Response("{}", { status: 404 });
      return toy.fetch?.(url, init) ?? new Response(null, { status: 500 });
    };
    const file = `backup: { url: "http://elsewhere.test", headers: { Authorization: "Basic b3RoZXI=" } }`;
    const { finished } = await run({ fetch, file, only: ["BK-10"] }, {}, cloud);
    const elsewhere = asked.filter(({ url }) => url.startsWith("http://elsewhere.test/instances/"));
    expect(new Set(elsewhere.map(({ authorization }) => authorization))).toEqual(new Set(["Basic b3RoZXI="]));
    expect(JSON.stringify(finished)).not.toContain("b3RoZXI");
  });

  describe("when a vendor's word is not a success", () => {
    const saying =
      (leaf: "backups" | "restores", state: string): Wire =>
      async (request, next) => {
        const response = await next(request);
        const isMeant = request.method === "GET" && request.path.at(-2) === leaf;
        return isMeant ? { ...response, text: JSON.stringify({ ...jsonOf(response), state }) } : response;
      };
    const judge = async (wire: Wire, only: string): Promise<Finished | undefined> => {
      const toy = toyOptions(new ToyCloud(), {}, wire);
      const { finished, summary } = await run({ ...toy, only: [only], limits: { operationMsMax: 5000 } });
      expect(summary.leftBehind).toEqual([]);
      return finished[0];
    };

    it("has nothing to judge without a backup", async () => {
      const failed = await judge(saying("backups", "failed"), "BK-10");
      expect(failed).toMatchObject({ verdict: "unknown", reason: "it needs a backup, but one ended failed" });
      const stuck = await judge(saying("backups", "pondering"), "BK-10");
      expect(stuck).toMatchObject({ verdict: "unknown", reason: "it needs a backup, but one ended timed-out" });
    });

    it("fails a restore that fails, and does not judge the neighbour by it", async () => {
      const restore = await judge(saying("restores", "failed"), "BK-10");
      expect(restore).toMatchObject({ verdict: "fail", seen: "failed" });
      const neighbour = await judge(saying("restores", "failed"), "BK-48");
      expect(neighbour).toMatchObject({ verdict: "unknown", reason: "no restore succeeded: one ended failed" });
    });

    it("lets a vendor refuse a restore while sessions are open", async () => {
      const refusing: Wire = async (request, next) =>
        request.method === "POST" && request.path.at(-1) === "restores" ? reply(409, {}) : next(request);
      expect(await judge(refusing, "BK-12")).toMatchObject({
        verdict: "pass",
        reason: "with sessions open a restore is not done: refused",
      });
    });
  });

  it("stays within its number of instances", async () => {
    const ran = await run({ maxInstances: 1 });
    const byId = Object.fromEntries(ran.finished.map(({ check, verdict }) => [check.id, verdict]));
    expect(byId).toMatchObject({ "BK-10": "pass", "BK-11": "pass", "BK-48": "not-applicable" });
  });

  it("removes what it made when it is interrupted in the middle of a restore", async () => {
    const stop = new AbortController();
    const cloud = new ToyCloud({ restore: () => stop.abort() });
    const { summary } = await run({ signal: stop.signal }, {}, cloud);
    expect([summary.exitCode, summary.leftBehind, cloud.instances.size]).toEqual([130, [], 0]);
  });

  it("lists backups that can't be removed, with the line that shows them", async () => {
    const file = `backup: { driver: a9s, delete: "DELETE /nowhere/{backup}" }`;
    const { summary } = await run({ file, limits: { cleanupMsMax: 1000 } }, { backups: A9S });
    expect(summary.leftBehind.map(({ kind }) => kind)).toContain("backup");
    expect(summary.leftBehind[0]?.curl).toMatch(/^curl .*\/instances\/[-\w]+\/backups'$/);
  });
});
