import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Tracer } from "@opentelemetry/api";

/** A tracer whose spans go to a collector. */
export interface Exporter {
  readonly tracer: Tracer;
  /** Sends the remaining spans. */
  stop(): Promise<void>;
}

/**
 * Exports spans by OTLP over HTTP.
 *
 * @param url of the collector's traces, such as `http://127.0.0.1:4318/v1/traces`
 * @param serviceName the name of this control plane in traces
 */
export function exportTraces(url: string, serviceName: string): Exporter {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  });
  return { tracer: provider.getTracer("drydock-broker"), stop: () => provider.shutdown() };
}
