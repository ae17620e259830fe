import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { FastifyInstance } from "fastify";
import type { Host } from "../host.ts";

/*
 * Traces (W3C Trace Context, OpenTelemetry): a platform's request, the operation that it opens, even when another process continues it, each request to a backend, each task of the director with its stages. Without an exporter, the tracer is the API's own, which does nothing.
 */

/** A header of W3C Trace Context: `00-<trace>-<span>-<flags>`; empty: there is no trace. */
type Traceparent = string;

interface Current {
  readonly tracer: Tracer;
  readonly context: Context;
}

const current = new AsyncLocalStorage<Current>();
const propagator = new W3CTraceContextPropagator();

/** The tracer that does nothing. */
export const noTracer = (): Tracer => trace.getTracer("drydock-broker");

const contextFrom = (traceparent: Traceparent): Context =>
  propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);

/** The header that makes work done elsewhere a part of the current trace; empty if there is none. */
export function currentTraceparent(): Traceparent {
  const carrier: Record<string, string> = {};
  const context = current.getStore()?.context;
  if (context !== undefined) propagator.inject(context, carrier, defaultTextMapSetter);
  return carrier.traceparent ?? "";
}

function failSpan(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? { name: error.name, message: error.name } : "unknown");
  span.setStatus({ code: SpanStatusCode.ERROR });
}

async function runIn<T>(
  tracer: Tracer,
  parent: Context,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, { attributes }, parent);
  try {
    return await current.run({ tracer, context: trace.setSpan(parent, span) }, work);
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Does work as a span of the trace to which a header leads, or of a new one. */
export const traceFrom = <T>(
  tracer: Tracer,
  traceparent: Traceparent,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> => runIn(tracer, contextFrom(traceparent), name, attributes, work);

/** Does work as a span of the current trace; if there is none, just does it. */
export function traceWithin<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  const outer = current.getStore();
  return outer === undefined ? work() : runIn(outer.tracer, outer.context, name, attributes, work);
}

/** A span that has already ended, with times that somebody else measured. */
export function traceAfterwards(name: string, attributes: Attributes, startedMs: number, endedMs: number): void {
  const outer = current.getStore();
  // A number could be mistaken for a time since the start of the process.
  const [startTime, endTime] = [new Date(startedMs), new Date(endedMs)];
  outer?.tracer.startSpan(name, { attributes, startTime }, outer.context).end(endTime);
}

/** Whether anybody listens to the current trace. */
export const isTraced = (): boolean => {
  const context = current.getStore()?.context;
  return context !== undefined && (trace.getSpan(context)?.isRecording() ?? false);
};

/** Each request of a server as a span, which continues the sender's trace. */
export function traceRequests(app: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<object, Span>();
  app.addHook("onRequest", (request, _reply, done) => {
    const header = request.headers.traceparent;
    const parent = contextFrom(typeof header === "string" ? header : "");
    const { method, routeOptions } = request;
    const attributes = { "http.request.method": method, "http.route": routeOptions.url ?? "" };
    const span = tracer.startSpan(`${method} ${routeOptions.url ?? ""}`, { kind: SpanKind.SERVER, attributes }, parent);
    spans.set(request, span);
    current.run({ tracer, context: trace.setSpan(parent, span) }, done);
  });
  app.addHook("onResponse", async (request, reply) => {
    const span = spans.get(request);
    span?.setAttribute("http.response.status_code", reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  });
}

/** A host whose every request to a backend is a span of the current trace, and passes the trace on to the backend. */
export const tracedHost = (host: Host): Host => ({
  ...host,
  fetch: (url, init = {}) => {
    if (!isTraced()) return host.fetch(url, init);
    const { host: server, pathname } = new URL(url);
    const method = init.method ?? "GET";
    const attributes = { "http.request.method": method, "server.address": server, "url.path": pathname };
    return traceWithin(`${method} ${server}`, attributes, () => {
      const headers = new Headers(init.headers);
      headers.set("traceparent", currentTraceparent());
      return host.fetch(url, { ...init, headers });
    });
  },
});
