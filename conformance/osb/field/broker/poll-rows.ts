import type { Facts } from "./facts.ts";
import { always, ERRORS, isBusy, isGone, row } from "./rows.ts";

const { bad, unknown } = ERRORS;

/** Deleted asynchronously, so that polls may say that it is gone. */
const wasRemoved = (facts: Facts): boolean => isGone(facts) && facts.thing?.ended !== undefined;
const isUnknown = (facts: Facts): boolean => facts.thing === undefined || (isGone(facts) && !wasRemoved(facts));
/** Whether a poll names an operation that is neither in progress nor the last one that ended. */
const isOfOtherWork = ({ thing, request }: Facts): boolean => {
  const asked = request.query["operation"];
  return asked !== undefined && asked !== (thing?.work ?? thing?.ended?.work)?.id;
};
const isIdle = ({ thing }: Facts): boolean => thing?.ended === undefined;

/** spec.md, "Polling Last Operation for Service Instances". */
export const POLL_INSTANCE = [
  row("poll-instance: unknown", isUnknown, 404, unknown),
  row("poll-instance: removed", wasRemoved, 410, "nothing"),
  row("poll-instance: unknown operation", isOfOtherWork, 400, bad),
  row("poll-instance: in progress", ({ thing }) => isBusy(thing), 200, "state"),
  row("poll-instance: idle", isIdle, 200, "state"),
  row("poll-instance: ended", always, 200, "state"),
] as const;

/** spec.md, "Polling Last Operation for Service Bindings". */
export const POLL_BINDING = [
  row("poll-binding: unknown", isUnknown, 404, unknown),
  row("poll-binding: removed", wasRemoved, 410, "nothing"),
  row("poll-binding: unknown operation", isOfOtherWork, 400, bad),
  row("poll-binding: in progress", ({ thing }) => isBusy(thing), 200, "state"),
  row("poll-binding: idle", isIdle, 200, "state"),
  row("poll-binding: ended", always, 200, "state"),
] as const;
