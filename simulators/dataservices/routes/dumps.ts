import { type Body, type HttpReply, streamOf } from "../../kernel/index.ts";
import { neighboursOf } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { virtualDump } from "../behaviour/virtual.ts";
import { isPlanted } from "../faults.ts";
import type { Instance } from "../state.ts";
import { requireSimulatedData } from "../behaviour/instances.ts";
import { agentRoute, applyFault, realServersOf, requirePrimary } from "./agent-route.ts";

const HEADERS = { "Content-Type": "application/octet-stream" };

function* create(services: DataServices, instance: Instance): Body<HttpReply> {
  requirePrimary(services, instance);
  requireSimulatedData(services, instance);
  yield* applyFault(services, "dump", instance);
  const { kernel } = services;
  const isDisclosing = isPlanted(kernel, "dump wrong-neighbour", instance);
  const source = (isDisclosing ? neighboursOf(services, instance)[0] : undefined) ?? instance;
  const defects = {
    isTorn: isPlanted(kernel, "dump torn-snapshot", instance),
    isShort: isPlanted(kernel, "dump lost-tail", instance),
  };
  const real = realServersOf(services, source);
  if (real !== undefined) {
    const stream = yield* services.realWork.awaitForReply(startedStream(real.dump(source, defects)));
    kernel.record("dataservices", "dump.begin", instance.address, { deployment: instance.deployment });
    return { status: 200, headers: HEADERS, ...(stream && { stream }) };
  }
  const body = yield* virtualDump(services, source, defects);
  kernel.record("dataservices", "dump.done", instance.address, { deployment: instance.deployment, bytes: body.length });
  return { status: 200, headers: HEADERS, body };
}

/** A stream whose first chunk has arrived: an error before that can still be answered. */
async function startedStream(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = stream[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | undefined = await chunks.next();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const each = first ?? (await chunks.next());
    first = undefined;
    return each;
  };
  return streamOf(next, async () => chunks.return?.());
}

/** A dump of all data, as it is at one moment. */
export const dumpsRoutes = [agentRoute("POST", "/v1/dumps", create)];
