import type { Operation } from "../../client/answer.ts";
import { stateOf } from "../../client/polling.ts";
import { isSuccess } from "../../client/request.ts";
import { allLifecycles, type Lifecycle } from "../sequences/lifecycles.ts";
import type { Shared } from "../shared-instances.ts";
import type { ThingKind } from "./deletions.ts";
import { type Fact, factOf } from "./fact.ts";

const LASTING: Readonly<Record<ThingKind, readonly Operation[]>> = {
  instance: ["provision", "update", "deprovision"],
  binding: ["bind", "unbind"],
};

/** Whether some ordinary operation on instances, or on bindings, was answered 202: a broker without any need not serve polls. */
export async function isPolled(shared: Shared, kind: ThingKind): Promise<boolean> {
  const all = await allLifecycles(shared);
  return all.some(({ answers }) =>
    answers.some(({ operation, status }) => status === 202 && LASTING[kind].includes(operation)),
  );
}

/** Whether an ordinary poll is ever answered with a success. Undefined if none was sent. */
export async function arePollsServed(shared: Shared, kind: ThingKind): Promise<Fact<boolean>> {
  const polls = (await allLifecycles(shared))
    .flatMap(({ answers }) => answers)
    .filter(({ operation }) => operation === `poll-${kind}`);
  const isServed = polls.length === 0 ? undefined : polls.some(isSuccess);
  return factOf(isServed, `lastop-${kind}-available`, ...polls.slice(0, 1));
}

/** The operations of a lifecycle on its instance, or on its bindings, that were polled to their end and once after it. */
export function polledAgain(lifecycle: Lifecycle, kind: ThingKind): Lifecycle["after"] {
  return lifecycle.after.filter(({ final }) => final.operation === `poll-${kind}`);
}

/** Whether the final state of a creation is still reported when it is polled again. */
export async function keepsFinalState(shared: Shared, kind: ThingKind): Promise<Fact<boolean>> {
  const ends = (await allLifecycles(shared))
    .flatMap((lifecycle) => polledAgain(lifecycle, kind))
    .filter(({ final }) => final.polled === "provision" || final.polled === "bind");
  const lost = ends.find(({ final, again }) => again.some((poll) => stateOf(poll) !== stateOf(final)));
  const judgedBy = `lastop-${kind}-state-kept`;
  if (lost !== undefined) return factOf(false, judgedBy, lost.final, ...lost.again);
  return factOf(ends.length > 0 ? true : undefined, judgedBy, ...ends.slice(0, 1).map(({ final }) => final));
}
