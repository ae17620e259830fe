import type { Answer } from "../client/answer.ts";
import { isSuccess } from "../client/request.ts";
import type { Evidence } from "./check.ts";

/**
 * What has to be sent first by whoever repeats an accusing request: the creation of the instance, and of the binding, that it
 * is about, where they are not evidence themselves. The run has removed both.
 */
export function setupFor(evidence: readonly Evidence[], answers: readonly Answer[]): readonly Answer[] {
  const accused = evidence.find((each): each is Answer => "operation" in each && "instanceId" in each);
  if (accused === undefined || accused.instanceId === "") return [];
  const before = answers.slice(0, Math.max(0, answers.indexOf(accused)));
  const made = (operation: "provision" | "bind", bindingId: string) =>
    before.find(
      (answer) =>
        answer.operation === operation &&
        answer.instanceId === accused.instanceId &&
        answer.bindingId === bindingId &&
        isSuccess(answer),
    );
  const all = [made("provision", ""), accused.bindingId === "" ? undefined : made("bind", accused.bindingId)];
  return all.filter((answer) => answer !== undefined).filter((answer) => !evidence.includes(answer));
}
