import type { Answer, Operation } from "../../client/answer.ts";
import { isFull, wordsOf } from "../../client/refusal.ts";

/** Why a broker says that it refuses an ordinary request; `unsaid` if its words tell nothing that we know. */
type RefusalKind = "full" | "parameters" | "application" | "maintenance" | "busy" | "unsaid";

/** Longest part of a broker's words that a reason quotes, in characters. */
const QUOTED_CHARS_MAX = 120;

/** How brokers ask for parameters: by name, or by what must be passed to them. */
const WANTING =
  /parameter|required propert|must have required|schema|\b(must (pass|provide|specify|supply|set)|missing|requires?)\b.{0,60}\b(field|configuration|config|option|argument|propert(y|ies)|setting)s?\b/i;

const isSaid =
  (pattern: RegExp) =>
  (answer: Answer): boolean =>
    pattern.test(wordsOf(answer));

const KINDS: readonly (readonly [RefusalKind, (answer: Answer) => boolean])[] = [
  ["busy", isSaid(/concurrencyerror|another operation|in progress/i)],
  ["maintenance", isSaid(/maintenance_?info/i)],
  ["full", isFull],
  ["application", isSaid(/requiresapp|app_?guid|bind_resource/i)],
  ["parameters", isSaid(WANTING)],
];

const HINTS: Readonly<Record<RefusalKind, string>> = {
  busy: "something else is going on with it",
  maintenance: "no maintenance_info was sent",
  full: "a quota is reached: make room there, or run with fewer instances at once (--max-instances)",
  application: "it wants an application, but one was named",
  parameters: "parameters that it needs can be given in drydock.yml",
  unsaid: "if it needs parameters, they can be given in drydock.yml",
};

/** Requests that can carry parameters: only for these can more of them help. */
const PARAMETERISED: readonly Operation[] = ["provision", "update", "bind"];

/** Reads the reason of a refusal from the broker's own words. */
export function kindOfRefusal(answer: Answer): RefusalKind {
  return KINDS.find(([, matches]) => matches(answer))?.[0] ?? "unsaid";
}

/** Whether the words of a refusal name something that the run's owner can provide, whatever its status: room, or parameters. */
export function isWanting(answer: Answer): boolean {
  const kind = kindOfRefusal(answer);
  return kind === "full" || (kind === "parameters" && PARAMETERISED.includes(answer.operation));
}

/** What a server answers to a method or a path that it does not serve. */
const UNSERVED: readonly number[] = [404, 405, 501];

/** Whether a request that creates something is answered as one that the broker does not serve at all. */
export const isUnserved = ({ operation, status }: Pick<Answer, "operation" | "status">): boolean =>
  (operation === "provision" || operation === "bind") && UNSERVED.includes(status);

/**
 * A refusal in one clause: status, the broker's own words, and what can be done about it, if anything. `beside` says that the ordinary request is
 * accepted: then parameters are not what is missing.
 */
export function describeRefusal(answer: Answer, beside?: "accepted"): string {
  const words = wordsOf(answer);
  const seen = words === "" ? String(answer.status) : `${answer.status} (${words.slice(0, QUOTED_CHARS_MAX)})`;
  const kind = kindOfRefusal(answer);
  if (answer.status >= 500 && !isWanting(answer)) return seen;
  const canCarryMore = PARAMETERISED.includes(answer.operation) && beside !== "accepted";
  const isHopeless =
    (kind === "unsaid" && (!canCarryMore || isUnserved(answer))) || (kind === "parameters" && !canCarryMore);
  return isHopeless ? seen : `${seen}; ${HINTS[kind]}`;
}
