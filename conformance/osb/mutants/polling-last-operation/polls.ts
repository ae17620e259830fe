import type { Operation } from "../../../client/answer.ts";
import { requires } from "../../../client/catalog.ts";
import { jsonOf, type WireRequest } from "../../memory-broker/http.ts";
import { header, instead, is, set, status } from "../changes.ts";
import { all, asks, isCreating, isKnown, isPending, isUpdating, not, ofPlan } from "../conditions.ts";
import { alter, type When } from "../middleware.ts";
import { type Mutant, mutant } from "../mutant.ts";
import { keyOf } from "../operations.ts";
import type { Middleware } from "../traffic.ts";

/** The polls of instances and of bindings go wrong in the same ways. */
type Polled = "instance" | "binding";

const later = { mode: "async" } as const;

const crash = { error: "Crashed", description: "A null pointer." };

/** The first time that it is asked about one operation. */
const isFirst: When = (request, { facts, pending }) => {
  const key = `polled ${keyOf(request)} ${JSON.stringify(pending.get(keyOf(request))?.operation)}`;
  const isNew = !facts.has(key);
  facts.set(key, true);
  return isNew;
};

/** A poll that reports the end of an operation. */
export const isEnding = (response: { readonly text: string }): boolean => {
  const { state } = jsonOf(response);
  return state === "succeeded" || state === "failed";
};

/** Once the end of a creation has been reported, it is reported differently. */
export const changeEnd = (operations: readonly Operation[], state: string): Middleware =>
  alter(operations, is(200), set("state", state), all(isKnown, not(isPending)));

/** Ends what fits with 410. */
const endGone = (operations: readonly Operation[], when: When): Middleware =>
  alter(
    operations,
    is(200),
    (response, request, memory) => (isEnding(response) ? instead(410)(response, request, memory) : response),
    when,
  );

const isEmpty = ({ query }: WireRequest): boolean => Object.values(query).includes("");

const isInvented: When = ({ query }) => query["operation"] === "drydock-no-such-operation";

const pollsOf = (kind: Polled): readonly Operation[] => [kind === "instance" ? "poll-instance" : "poll-binding"];

/** Defects in what a poll is answered. */
export function pollAnswerMutantsOf(kind: Polled): readonly Mutant[] {
  const operations = pollsOf(kind);
  const id = (rest: string) => `lastop-${kind}-${rest}`;
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
      endGone(operations, kind === "instance" ? isUpdating : all(isCreating, isOfVolumes)),
      {
        ...later,
        also: [
          id("200"),
          id("available"),
          "orphan-broker-knows-only-platform-resources",
          "update-malformed-400",
          "update-previous-values-optional",
        ],
      },
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
  ];
}

/** Defects in how polls are understood, and in what is remembered for them. */
export const pollRequestMutantsOf = (kind: Polled): readonly Mutant[] => [
  ...pollReadingMutantsOf(kind),
  ...pollMemoryMutantsOf(kind),
];

/** Defects in how polls are understood. */
function pollReadingMutantsOf(kind: Polled): readonly Mutant[] {
  const operations = pollsOf(kind);
  const id = (rest: string) => `lastop-${kind}-${rest}`;
  return [
    mutant(
      id("400-malformed"),
      `Polls of ${kind}s: it falls over (500) on an empty query parameter.`,
      alter(operations, () => true, instead(500, crash), isEmpty),
      { ...later, also: ["error-appropriate-status"] },
    ),
    mutant(
      id("400-invalid"),
      `Polls of ${kind}s: a poll of an unknown operation is answered 204.`,
      alter(operations, is(400), (response) => ({ ...response, status: 204, text: "" }), isInvented),
      later,
    ),
    mutant(
      "error-appropriate-status",
      `Polls of ${kind}s: it falls over (500) on an operation that it does not know.`,
      alter(operations, is(400), instead(500, crash), isInvented),
      { ...later, id: `breaks-on-unknown-operations-of-${kind}s` },
    ),
    mutant(
      id("service-plan-optional"),
      `Polls of ${kind}s: it demands service_id in polls.`,
      alter(operations, is(200), instead(400), not(asks("service_id"))),
      later,
    ),
  ];
}

/** Defects in what is remembered for polls. */
function pollMemoryMutantsOf(kind: Polled): readonly Mutant[] {
  const operations = pollsOf(kind);
  const id = (rest: string) => `lastop-${kind}-${rest}`;
  const roundTrip = kind === "instance" ? "lastop-operation-roundtrip" : "lastop-binding-operation-roundtrip";
  const isAsked: When = all(isKnown, not(isPending));
  return [
    mutant(
      id("state-kept"),
      `Polls of ${kind}s: after it has reported how an operation ended, it reports a failure.`,
      changeEnd(operations, "failed"),
      later,
    ),
    mutant(
      roundTrip,
      `Polls of ${kind}s: it refuses the operation that it returned itself: 400.`,
      alter(operations, is(200), instead(400), asks("operation")),
      { ...later, also: [id("available")] },
    ),
    mutant(
      id("state-kept"),
      `Polls of ${kind}s: it does not recognise an operation once that has ended: 400.`,
      alter(operations, is(200), instead(400), all(isAsked, asks("operation"), asks("service_id"))),
      { ...later, id: `forgets-operations-of-${kind}s` },
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
