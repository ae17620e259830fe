import type { OsbAnswer, OsbReply } from "../../clients/osb.ts";

/** How a platform reads an answer. `open`: it can't know what was done (cut off, no answer in time, 5xx). */
export type Reading = "accepted" | "done" | "gone" | "refused" | "open";

/** Reads the status of an answer as the OSB specification does ("Orphan Mitigation" for what stays open). */
export function readAnswer(answer: OsbAnswer): Reading {
  if (answer.kind === "unknown" || answer.status >= 500) return "open";
  if (answer.status === 202) return "accepted";
  if (answer.status < 300) return "done";
  return answer.status === 404 || answer.status === 410 ? "gone" : "refused";
}

/** The body of an answer; empty if there is none. */
export const bodyOf = (answer: OsbAnswer): OsbReply["body"] => (answer.kind === "answer" ? answer.body : {});
