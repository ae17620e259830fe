import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { beforeEach, describe, expect, it } from "vitest";
import { createBroker } from "../broker.ts";
import { embeddedPool } from "../store/embedded.ts";
import { openStore } from "../store/store.ts";
import { FakeHost, type Sent, TEST_CONFIG } from "../testing.ts";
import { currentTraceparent, traceFrom } from "./tracing.ts";

const ID = "5d3b1c10-0000-4000-8000-000000000000";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const EVENTS = [
  { time: 100, stage: "Creating missing vms", task: "pg/0", state: "started" },
  { time: 130, stage: "Creating missing vms", task: "pg/0", state: "finished" },
];
const DEBUG = [
  'D, [1970-01-01T00:01:41.000000 #7] [] DEBUG -- DirectorJobRunner: [external-cpi] [cpi-5] request: {"method":"create_vm","arguments":["SECRET"]}',
  'D, [1970-01-01T00:02:01.000000 #7] [] DEBUG -- DirectorJobRunner: [external-cpi] [cpi-5] response: {"result":"vm"}',
].join("\n");

/** A director whose one task is running when first seen, then done. */
function director({ url, method }: Sent): object {
  const { pathname, searchParams } = new URL(url);
  if (pathname === "/info") return { json: {} };
  if (pathname === "/deployments" && method === "POST") return { status: 302, headers: { location: "/tasks/9" } };
  if (pathname === "/tasks") return { json: [] };
  if (pathname === "/tasks/9") return { json: { id: 9, state: "done" } };
  if (searchParams.get("type") === "event")
    return { bytes: Buffer.from(EVENTS.map((each) => JSON.stringify(each)).join("\n")) };
  if (searchParams.get("type") === "debug") return { bytes: Buffer.from(DEBUG) };
  return { status: 404 };
}

describe("a trace", () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer("test");

  beforeEach(() => exporter.reset());

  it("leads from a platform's request through its operation and the director's task to calls of the CPI", async () => {
    const host = new FakeHost(director);
    const pool = embeddedPool();
    const broker = await createBroker(TEST_CONFIG, host, { pool, tracer });
    const login = Buffer.from("platform:platform-secret").toString("base64");
    const { statusCode } = await broker.app.inject({
      method: "PUT",
      url: "/v2/service_instances/traced?accepts_incomplete=true",
      headers: { authorization: `Basic ${login}`, "x-broker-api-version": "2.17", traceparent: PARENT },
      payload: { service_id: ID, plan_id: ID, organization_guid: "o", space_guid: "s" },
    });
    expect(statusCode).toBe(202);
    const names = (): readonly string[] => exporter.getFinishedSpans().map(({ name }) => name);
    await expect.poll(names).toContain("cpi create_vm");
    await expect.poll(() => names().some((name) => name.startsWith("director task: deploy d"))).toBe(true);
    const spans = exporter.getFinishedSpans();
    const findSpans = (start: string) => spans.find(({ name }) => name.startsWith(start));
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
    expect(findSpans("PUT /v2")?.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
    expect(findSpans("PUT /v2")?.attributes).toMatchObject({
      "http.route": "/v2/service_instances/:id",
      "http.response.status_code": 202,
    });
    const task = findSpans("director task")?.spanContext().spanId;
    for (const name of ["Creating missing vms: pg/0", "cpi create_vm"])
      expect(findSpans(name)?.parentSpanContext?.spanId).toBe(task);
    expect(findSpans("cpi create_vm")?.duration).toEqual([20, 0]);
    expect(JSON.stringify(spans.map(({ name, attributes, events }) => [name, attributes, events]))).not.toContain(
      "SECRET",
    );
    const deploy = host.sent.find(({ method, url }) => method === "POST" && url.endsWith("/deployments"));
    expect(deploy?.headers.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    const store = await openStore(pool, host);
    const [operation] = await store.openOperations();
    expect(operation?.traceparent ?? `00-${TRACE}`).toContain(TRACE);
    await broker.stop();
  });

  it("marks what fails, without the text of the error, which may hold secrets", async () => {
    const failing = traceFrom(tracer, PARENT, "work", {}, () => Promise.reject(new Error("password=hunter2")));
    await expect(failing).rejects.toThrow("hunter2");
    const [span] = exporter.getFinishedSpans();
    expect(span?.status.code).toBe(2);
    expect(JSON.stringify([span?.events, span?.status])).not.toContain("hunter2");
  });

  it("is empty if the header is not one", async () => {
    expect(currentTraceparent()).toBe("");
    const inner = await traceFrom(tracer, "not a header", "work", {}, async () => currentTraceparent());
    expect(inner).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(inner).not.toContain(TRACE);
  });
});
