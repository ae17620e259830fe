import type { Answer } from "../../client/answer.ts";
import { isFull, wordsOf } from "../../client/refusal.ts";

/** Why a broker says that it refuses an ordinary request; `unsaid` where its words tell nothing that we know. */
type RefusalKind = "full" | "parameters" | "application" | "maintenance" | "busy" | "unsaid";

/** Longest part of a broker's words that a reason quotes, in characters. */
const QUOTED_CHARS_MAX = 120;

const isSaid =
  (pattern: RegExp) =>
  (answer: Answer): boolean =>
    pattern.test(wordsOf(answer));

const KINDS: readonly (readonly [RefusalKind, (answer: Answer) => boolean])[] = [
  ["busy", isSaid(/concurrencyerror|another operation|in progress/i)],
  ["maintenance", isSaid(/maintenance_?info/i)],
  ["full", isFull],
  ["application", isSaid(/requiresapp|app_?guid|bind_resource/i)],
  ["parameters", isSaid(/parameter|required propert|must have required|schema/i)],
];

const HINTS: Readonly<Record<RefusalKind, string>> = {
  busy: "something else is going on with it",
  maintenance: "no maintenance_info was sent",
  full: "the broker is full, a quota: make room, or run with fewer instances at once (--max-instances 1)",
  application: "it wants an application, which was named",
  parameters: "parameters that it needs can be given in drydock.yml",
  unsaid: "if it needs parameters, they can be given in drydock.yml",
};

/** Reads the reason of a refusal from the broker's own words. */
export function kindOfRefusal(answer: Answer): RefusalKind {
  return KINDS.find(([, matches]) => matches(answer))?.[0] ?? "unsaid";
}

/** A refusal in one clause: status, the broker's own words, and what can be done about it where something can. */
export function describeRefusal(answer: Answer): string {
  const words = wordsOf(answer);
  const seen = words === "" ? String(answer.status) : `${answer.status} (${words.slice(0, QUOTED_CHARS_MAX)})`;
  const kind = kindOfRefusal(answer);
  return answer.status >= 500 && kind !== "full" ? seen : `${seen}; ${HINTS[kind]}`;
}
