import type { Answer } from "../client/answer.ts";
import { isSuccess } from "../client/request.ts";
import { exchangeOf } from "../client/http/observation.ts";
import type { OsbClient } from "../client/osb-client.ts";
import type { Evidence, Outcome } from "./check.ts";
import type { Exchange } from "./events.ts";

/**
 * What has to be sent first by whoever repeats an accusing request: the creation of the instance, and of the binding, that it
 * is about, where they are not evidence themselves. The run has removed both.
 */
function setupFor(evidence: readonly Evidence[], answers: readonly Answer[]): readonly Answer[] {
  const accused = evidence.find((each): each is Answer => "operation" in each && "instanceId" in each);
  if (accused === undefined || accused.instanceId === "") return [];
  const before = answers.slice(0, Math.max(0, answers.indexOf(accused)));
  const creationOf = (operation: "provision" | "bind", bindingId: string) =>
    before.find(
      (answer) =>
        answer.operation === operation &&
        answer.instanceId === accused.instanceId &&
        answer.bindingId === bindingId &&
        isSuccess(answer),
    );
  const all = [
    creationOf("provision", ""),
    accused.bindingId === "" ? undefined : creationOf("bind", accused.bindingId),
  ];
  return all.filter((answer) => answer !== undefined).filter((answer) => !evidence.includes(answer));
}

/** Most exchanges that one verdict carries. */
const EVIDENCE_MAX = 10;

/** Evidence as a report shows it: redacted, with its curl line. */
const toExchange = (evidence: Evidence): Exchange => ("curl" in evidence ? evidence : exchangeOf(evidence));

/** What a verdict rests on; an accusing one with the requests before it that made what it is about. */
export function evidenceFor(
  outcome: Outcome,
  client: Pick<OsbClient, "sent" | "silent">,
  answers: readonly Answer[],
): readonly Exchange[] {
  const shown = (outcome.evidence ?? client.sent).slice(0, EVIDENCE_MAX);
  const isAccusing = outcome.verdict === "fail" || outcome.verdict === "warn";
  const setup = isAccusing ? setupFor(shown, answers).map((answer) => ({ ...exchangeOf(answer), setup: true })) : [];
  return [...new Set([...setup, ...shown.map(toExchange), ...client.silent])];
}
