import type { Answer } from "../../client/answer.ts";
import { bodyOf } from "../../client/http/observation.ts";

/** Why a broker says that it refuses an ordinary request; `unsaid` where its words tell nothing that we know. */
export type RefusalKind = "full" | "parameters" | "application" | "maintenance" | "busy" | "unsaid";

/** Longest part of a broker's words that a reason quotes, in characters. */
const QUOTED_CHARS_MAX = 120;

const WORDS: readonly (readonly [RefusalKind, RegExp])[] = [
  ["busy", /concurrencyerror|another operation|in progress/i],
  ["maintenance", /maintenance_?info/i],
  [
    "full",
    /quota|capacity|exhausted|too many|maximum (number|amount)|max[_ ]?instances|limit\b.{0,40}\b(reached|exceeded|hit)|(reached|exceed(s|ed|ing)?)\b.{0,40}\blimit/i,
  ],
  ["application", /requiresapp|app_?guid|bind_resource/i],
  ["parameters", /parameter|required propert|must have required|schema/i],
];

const HINTS: Readonly<Record<RefusalKind, string>> = {
  busy: "something else is going on with it",
  maintenance: "no maintenance_info was sent",
  full: "the broker is full: make room, or allow fewer instances at once (--max-instances)",
  application: "it wants an application, which was named",
  parameters: "parameters that it needs can be given in drydock.yml",
  unsaid: "if it needs parameters, they can be given in drydock.yml",
};

/** What the broker says about a refusal: its error code and description. */
function wordsOf(answer: Answer): string {
  const { error, description } = bodyOf(answer);
  return [error, description].filter((word) => typeof word === "string" && word !== "").join(": ");
}

/** Reads the reason of a refusal from the broker's own words. */
export function kindOfRefusal(answer: Answer): RefusalKind {
  const words = wordsOf(answer);
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0] ?? "unsaid";
}

/** A refusal in one clause: status, the broker's own words, and what can be done about it where something can. */
export function describeRefusal(answer: Answer): string {
  const words = wordsOf(answer);
  const seen = words === "" ? String(answer.status) : `${answer.status} (${words.slice(0, QUOTED_CHARS_MAX)})`;
  const kind = kindOfRefusal(answer);
  return answer.status >= 500 && kind !== "full" ? seen : `${seen}; ${HINTS[kind]}`;
}
