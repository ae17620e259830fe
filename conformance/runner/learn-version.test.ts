import { describe, expect, it } from "vitest";
import type { JsonObject } from "../client/http/json.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { asTransport, type Handler, reply } from "../osb/memory-broker/http.ts";
import { osbSuite } from "../osb/suite.ts";
import { certify } from "./certify.ts";
import type { RunEvent } from "./events.ts";
import type { CertifySummary } from "./summary.ts";

const plain: JsonObject = {
  services: [
    {
      id: "5f0b4c8e-4444-4000-8000-000000000001",
      name: "acme-mail",
      description: "No flags at all",
      bindable: false,
      plans: [{ id: "5f0b4c8e-4444-4000-8000-000000000002", name: "small", description: "The only plan" }],
    },
  ],
};
const MAINTAINED: JsonObject = { maintenance_info: { version: "1.0.0" } };
const maintained: JsonObject = {
  services: [
    {
      id: "5f0b4c8e-4444-4000-8000-000000000001",
      name: "acme-mail",
      description: "Knows 2.15",
      bindable: false,
      plans: [{ id: "5f0b4c8e-4444-4000-8000-000000000002", name: "s", description: "The only plan", ...MAINTAINED }],
    },
  ],
};

interface Run extends CertifySummary {
  readonly reasons: readonly string[];
  readonly reasonOf: (id: string) => string | undefined;
}

/** A run of a few cheap checks, with or without a profile. */
async function run(catalog: JsonObject, around: (inner: Handler) => Handler, profile?: string): Promise<Run> {
  const reasons: string[] = [];
  const listen = (event: RunEvent): void => {
    if (event.type === "run-started" && event.judged) reasons.push(event.judged.version);
  };
  const summary = await certify(
    {
      url: "http://127.0.0.1:1",
      username: "drydock",
      password: "conformance",
      suites: [osbSuite],
      transport: asTransport(around(createMemoryBroker({ catalog }).handle)),
      only: ["catalog-200", "request-identity-echoed"],
      ...(profile === undefined ? {} : { profile }),
    },
    listen,
  );
  return { ...summary, reasons, reasonOf: (id) => summary.results.find(({ check }) => check.id === id)?.reason };
}

const minorOf = (version: string | undefined): number => Number(version?.split(".")[1]);
const isPoll = (path: readonly string[]): boolean => path.includes("last_operation");

/** Answers 410 to a poll of something unknown, as brokers before 2.16 may. */
const forgetful =
  (inner: Handler): Handler =>
  async (request) => {
    const response = await inner(request);
    return isPoll(request.path) && response.status === 404 ? { ...response, status: 410, text: "{}" } : response;
  };

/** Returns no request identity. */
const anonymous =
  (inner: Handler): Handler =>
  async (request) => {
    const { headers, ...response } = await inner(request);
    const { "x-broker-api-request-identity": _, ...rest } = headers;
    return { ...response, headers: rest };
  };

const refusing =
  (isMeant: (path: readonly string[]) => boolean) =>
  (inner: Handler): Handler =>
  (request) =>
    isMeant(request.path) && minorOf(request.headers["x-broker-api-version"]) > 14
      ? Promise.resolve(reply(412, { description: "Use 2.14." }))
      : inner(request);

describe("the version of a run without a profile", () => {
  it("is the newest, whatever the broker answers to a poll of something unknown", async () => {
    expect((await run(plain, forgetful)).minor).toBe(17);
  });

  it.each([
    ["the catalog", (path: readonly string[]) => path.includes("catalog")],
    ["all but the catalog", (path: readonly string[]) => !path.includes("catalog")],
  ])("is the newest that is not refused, for %s", async (_, isMeant) => {
    const { minor, reasons } = await run(plain, refusing(isMeant));
    expect(minor).toBe(14);
    expect(reasons).toContainEqual(expect.stringContaining("the broker refuses newer versions"));
  });

  it("marks findings of newer clauses at a broker that shows nothing so new", async () => {
    const { reasonOf } = await run(plain, anonymous);
    expect(reasonOf("request-identity-echoed")).toMatch(/binds since 2\.15; .*nothing newer than 2\.12/);
  });

  it("leaves a finding unmarked if a member of the catalog shows that the broker knows its version", async () => {
    const { reasonOf } = await run(maintained, anonymous);
    expect(reasonOf("request-identity-echoed")).toContain("no such header");
    expect(reasonOf("request-identity-echoed")).not.toContain("binds since");
  });

  it("takes a request identity that is sent back as a sign of 2.15", async () => {
    const { reasons } = await run(plain, forgetful);
    expect(reasons).toContainEqual(
      expect.stringMatching(/the request identity sent back, so it may have been written for 2\.15/),
    );
  });
});

describe("a chosen profile", () => {
  it("leaves no doubt: no finding is marked", async () => {
    const { reasonOf } = await run(plain, anonymous, "osb-2.16");
    expect(reasonOf("request-identity-echoed")).toContain("no such header");
    expect(reasonOf("request-identity-echoed")).not.toContain("binds since");
  });
});
