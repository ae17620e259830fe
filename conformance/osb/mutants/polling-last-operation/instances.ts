import { header, is, set } from "../changes.ts";
import { isCreating } from "../conditions.ts";
import { alter } from "../middleware.ts";
import { mutant, type Mutant } from "../mutant.ts";
import type { Middleware } from "../traffic.ts";
import { changeEnd, isEnding, pollAnswerMutantsOf, pollRequestMutantsOf } from "./polls.ts";

const later = { mode: "async" } as const;

/** Adds a hint to the failure of a provision, where it has no place. */
const misplaceHint = (hint: string): Middleware =>
  alter(
    ["poll-instance"],
    is(200),
    (response, request, memory) => (isEnding(response) ? set(hint, true)(response, request, memory) : response),
    isCreating,
  );

/** Planted defects for the checks of spec.md, "Polling Last Operation for Service Instances". */
export const pollingLastOperationInstancesMutants: readonly Mutant[] = [
  ...pollAnswerMutantsOf("instance"),
  ...pollRequestMutantsOf("instance"),
  mutant(
    "lastop-instance-retry-after-duration",
    "Retry-After is a date.",
    alter(["poll-instance"], is(200), header("retry-after", "Thu, 01 Jan 2026 00:00:01 GMT")),
    later,
  ),
  mutant(
    "lastop-instance-final-is-final",
    "An operation that has ended is in progress again.",
    changeEnd(["poll-instance"], "in progress"),
    { ...later, also: ["lastop-instance-state-kept"] },
  ),
  mutant(
    "lastop-instance-usable-place",
    "The end of a provision tells whether the instance is usable.",
    misplaceHint("instance_usable"),
    later,
  ),
  mutant(
    "lastop-update-repeatable-place",
    "The end of a provision tells whether the update may be repeated.",
    misplaceHint("update_repeatable"),
    later,
  ),
];
