import type { SpecMinor } from "../../client/spec-version.ts";
import { certify } from "../../runner/certify.ts";
import type { CertifySummary } from "../../runner/summary.ts";
import { asTransport } from "../memory-broker/http.ts";
import { osbSuite } from "../suite.ts";
import type { Behaviour } from "./broker/behaviour.ts";
import { createFieldBroker, LOGIN } from "./broker/broker.ts";

/** Judges a broker that behaves like this: in process, on a clock that only waiting moves, with ids that count up. */
export async function certifyFieldBroker(
  behaviour: Behaviour,
  minor: SpecMinor | "learnt" = 17,
): Promise<CertifySummary> {
  let nowMs = Date.UTC(2026, 0, 1);
  let ids = 0;
  return certify({
    url: "http://127.0.0.1:1",
    ...LOGIN,
    suites: [osbSuite],
    ...(minor === "learnt" ? {} : { profile: `osb-2.${minor}` }),
    transport: asTransport(createFieldBroker(behaviour, () => nowMs)),
    clock: { nowMs: () => nowMs, sleepMs: async (ms) => void (nowMs += ms) },
    newId: () => `f1e1d000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
  });
}
