import type { SpecMinor } from "../../client/spec-version.ts";
import type { Behaviour } from "../../osb/field/broker/behaviour.ts";
import { createFieldBroker, LOGIN } from "../../osb/field/broker/broker.ts";
import { asTransport } from "../../osb/memory-broker/http.ts";
import { osbSuite } from "../../osb/suite.ts";
import { certify } from "../../runner/certify.ts";
import type { CertifySummary } from "../../runner/summary.ts";
import { eventClock } from "../event-clock.ts";

/** Judges a broker with this behaviour: in process, in virtual time, with ascending ids. Default: against 2.17. */
export async function certifyFieldBroker(
  behaviour: Behaviour,
  minor: SpecMinor | "learnt" = 17,
): Promise<CertifySummary> {
  const clock = eventClock(Date.UTC(2026, 0, 1));
  let ids = 0;
  return certify({
    url: "http://127.0.0.1:1",
    ...LOGIN,
    suites: [osbSuite],
    ...(minor === "learnt" ? {} : { profile: `osb-2.${minor}` }),
    transport: asTransport(createFieldBroker(behaviour, () => clock.nowMs())),
    clock,
    newId: () => `f1e1d000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
  });
}
