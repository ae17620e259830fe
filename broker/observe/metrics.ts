import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { OperationListener } from "../operations/executor.ts";
import { METRICS_PATH } from "../osb/paths.ts";

/** From the answer to a poll to a deploy of two hours, in seconds. */
const REQUEST_BUCKETS_S = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];
const OPERATION_BUCKETS_S = [0.1, 1, 10, 60, 300, 900, 1800, 3600, 7200];

/** The metrics of one broker, for Prometheus. */
interface Metrics {
  /** Counts operations that end, and those that another process takes over. */
  readonly onOperation: OperationListener;
  /** Counts the requests of a server, and serves what was counted. */
  watch(app: FastifyInstance): void;
}

/** Values that are determined when Prometheus reads. */
interface MetricsOptions {
  readonly nowMs: () => number;
  /** Operations that this process works on. */
  readonly running: () => number;
  /** Whether the store answers. */
  readonly isStoreUp: () => Promise<boolean>;
  /** Whether to cover the process as well: its memory, its event loop. Default: false, as several brokers may share a process. */
  readonly ofProcess?: boolean | undefined;
}

/** The counters, which are updated by events. */
const histogramsOf = (registers: Registry[]) => ({
  requests: new Histogram({
    name: "broker_http_request_duration_seconds",
    help: "How long requests took, by route and status.",
    labelNames: ["method", "route", "status"],
    buckets: REQUEST_BUCKETS_S,
    registers,
  }),
  operations: new Histogram({
    name: "broker_operation_duration_seconds",
    help: "How long operations took from their acceptance to their end, by kind and ending.",
    labelNames: ["kind", "ending"],
    buckets: OPERATION_BUCKETS_S,
    registers,
  }),
  troubles: new Counter({
    name: "broker_operation_troubles_total",
    help: "Failed attempts, and operations that another process has taken over, by kind.",
    labelNames: ["kind", "trouble"],
    registers,
  }),
});

/** Values that are determined when Prometheus reads. */
function addGauges(registers: Registry[], { running, isStoreUp }: MetricsOptions): void {
  new Gauge({
    name: "broker_operations_running",
    help: "Operations that this process works on.",
    registers,
    collect() {
      this.set(running());
    },
  });
  new Gauge({
    name: "broker_store_up",
    help: "1 while the store answers, else 0.",
    registers,
    async collect() {
      this.set((await isStoreUp()) ? 1 : 0);
    },
  });
}

/** Makes the metrics of one broker. Names and units follow Prometheus's conventions ("Metric and label naming"). */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.ofProcess === true) collectDefaultMetrics({ register: registry });
  addGauges([registry], options);
  const { requests, operations, troubles } = histogramsOf([registry]);
  return {
    onOperation: ({ kind, created_ms: createdMs }, event) => {
      if (event === "succeeded" || event === "failed")
        operations.observe({ kind, ending: event }, Math.max(0, options.nowMs() - createdMs) / 1000);
      else if (event !== "begins") troubles.inc({ kind, trouble: event });
    },
    watch: (app) => {
      app.addHook("onResponse", async (request, reply) => {
        // The route, not the path, which holds ids.
        const route = request.routeOptions.url ?? "none";
        requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
      });
      app.get(METRICS_PATH, async (_request, reply) => {
        reply.type(registry.contentType);
        return registry.metrics();
      });
    },
  };
}
