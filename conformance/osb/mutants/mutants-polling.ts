import { requires } from "../../client/catalog.ts";
import type { Operation } from "../../client/answer.ts";
import { alter, header, instead, is, keyOf, type Middleware, type Mutant, mutant, set, status, type When } from "./mutant.ts";
import { all, asks, isCreating, isGone, isKnown, isPending, isRemoving, isUpdating, not, ofPlan, ofSecondPlan } from "./when.ts";
import { jsonOf, type WireRequest } from "./wire.ts";

/** The polls of instances and of bindings go wrong in the same ways. */
type Kind = "instance" | "binding";

const later = { mode: "async" } as const;
const crash = { error: "Crashed", description: "A null pointer." };

/** The first time that it is asked about one operation. */
const isFirst: When = (request, { facts, pending }) => {
  const key = `polled ${keyOf(request)} ${JSON.stringify(pending.get(keyOf(request))?.operation)}`;
  const isNew = !facts.has(key);
  facts.set(key, true);
  return isNew;
};

const isEnding = (response: { readonly text: string }): boolean => {
  const { state } = jsonOf(response);
  return state === "succeeded" || state === "failed";
};

/** Once the end of a creation has been told, it is told differently. */
const afterwards = (operations: readonly Operation[], state: string): Middleware =>
  alter(operations, is(200), set("state", state), all(isKnown, not(isPending)));

/** Ends what fits with 410. */
const endsGone = (operations: readonly Operation[], when: When): Middleware =>
  alter(
    operations,
    is(200),
    (response, request, memory) => (isEnding(response) ? instead(410)(response, request, memory) : response),
    when,
  );

const isEmpty = ({ query }: WireRequest): boolean => Object.values(query).includes("");
const isInvented: When = ({ query }) => query["operation"] === "drydock-no-such-operation";

function polling(kind: Kind): Mutant[] {
  const operations: readonly Operation[] = [kind === "instance" ? "poll-instance" : "poll-binding"];
  const id = (rest: string) => `lastop-${kind}-${rest}`;
  const roundTrip = kind === "instance" ? "lastop-operation-roundtrip" : "lastop-binding-operation-roundtrip";
  const isAsked: When = all(isKnown, not(isPending));
  return [
    mutant(
      id("available"),
      `The operation of ${kind === "instance" ? "an instance" : "a binding"} cannot be polled at once: 503.`,
      alter(operations, is(200), instead(503, { description: "Not yet." }), all(isPending, isFirst)),
      { ...later, also: [id("200")] },
    ),
    mutant(
      id("200"),
      `Polls of ${kind}s: a poll is answered 202 while the operation is in progress.`,
      alter(operations, is(200), (response) => (isEnding(response) ? response : { ...response, status: 202 })),
      later,
    ),
    mutant(
      id("410-only-deleting"),
      kind === "instance" ? "An update ends in 410." : "The making of a volume ends in 410.",
      endsGone(operations, kind === "instance" ? isUpdating : all(isCreating, isOfVolumes)),
      { ...later, also: [id("200"), id("available"), "orphan-broker-knows-only-platform-resources"] },
    ),
    mutant(
      id("retry-after"),
      `Polls of ${kind}s: Retry-After is a word.`,
      alter(operations, is(200), header("retry-after", "soon")),
      {
        ...later,
        also: [id("retry-after-duration")],
      },
    ),
    mutant(
      id("400-malformed"),
      `Polls of ${kind}s: it falls over (500) on an empty query parameter.`,
      alter(operations, () => true, instead(500, crash), isEmpty),
      { ...later, also: ["error-appropriate-status"] },
    ),
    mutant(
      id("400-invalid"),
      `Polls of ${kind}s: it falls over (500) on an operation that it does not know.`,
      alter(operations, is(400), instead(500, crash), isInvented),
      { ...later, also: ["error-appropriate-status"] },
    ),
    mutant(
      id("service-plan-optional"),
      `Polls of ${kind}s: it demands service_id in polls.`,
      alter(operations, is(200), instead(400), not(asks("service_id"))),
      later,
    ),
    mutant(
      id("state-kept"),
      `Polls of ${kind}s: once it has told the end of an operation it tells that it failed.`,
      afterwards(operations, "failed"),
      later,
    ),
    mutant(
      roundTrip,
      `Polls of ${kind}s: it does not know its own operation again once that has ended: 400.`,
      alter(operations, is(200), instead(400), all(isAsked, asks("operation"), asks("service_id"))),
      { ...later, also: [id("available"), id("200"), id("state-kept"), id("service-plan-optional")] },
    ),
    mutant(
      id("404-unknown"),
      `Polls of ${kind}s: to ask about something that it does not know is a bad request: 400.`,
      alter(operations, is(404), status(400)),
      later,
    ),
  ];
}

const isOfVolumes = ofPlan((offer) => requires(offer, "volume_mount"));

/** Adds a hint to the failure of a provision, where it has no place. */
const misplaced = (hint: string): Middleware =>
  alter(
    ["poll-instance"],
    is(200),
    (response, request, memory) => (isEnding(response) ? set(hint, true)(response, request, memory) : response),
    isCreating,
  );

export const pollingMutants: readonly Mutant[] = [
  ...polling("instance"),
  mutant(
    "lastop-instance-retry-after-duration",
    "Retry-After is a date.",
    alter(["poll-instance"], is(200), header("retry-after", "Thu, 01 Jan 2026 00:00:01 GMT")),
    later,
  ),
  mutant(
    "lastop-instance-final-is-final",
    "An operation that has ended is in progress again.",
    afterwards(["poll-instance"], "in progress"),
    { ...later, also: ["lastop-instance-state-kept"] },
  ),
  mutant(
    "lastop-instance-usable-place",
    "The end of a provision tells whether the instance is usable.",
    misplaced("instance_usable"),
    later,
  ),
  mutant(
    "lastop-update-repeatable-place",
    "The end of a provision tells whether the update may be repeated.",
    misplaced("update_repeatable"),
    later,
  ),
  ...polling("binding"),
  mutant(
    "maximum-polling-duration-respected",
    "Bindings of one plan never become ready.",
    alter(["poll-binding"], is(200), set("state", "in progress"), all(not(isRemoving), not(isGone), ofSecondPlan)),
    later,
  ),
];
