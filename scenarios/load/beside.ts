import { setTimeout as sleep } from "node:timers/promises";
import type { Durations } from "./histogram.ts";
import { httpTransport } from "./transport.ts";

const EVERY_MS = 100;
const TIMEOUT_MS = 10_000;

/** Requests a URL ten times a second until `signal` is aborted, and records how long its answers take: the cost of the machine and the cloud alone. */
export async function measureBeside(
  url: string,
  ca: string | undefined,
  into: Durations,
  signal: AbortSignal,
): Promise<void> {
  const { origin, pathname, search } = new URL(url);
  const transport = httpTransport({ url: origin, headers: {}, timeoutMs: TIMEOUT_MS, ...(ca !== undefined && { ca }) });
  while (!signal.aborted) {
    const begin = performance.now();
    const reply = await transport.send({ method: "GET", path: `${pathname}${search}` });
    if (reply.kind === "answer") into.record(performance.now() - begin);
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  transport.close();
}
