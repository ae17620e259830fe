import type { CheckInfo } from "../../runner/events.ts";

/** Information on a check in which only the id matters. */
export const checkInfo = (id: string): CheckInfo => ({
  id,
  suite: "osb",
  title: id,
  level: "MUST",
  clauses: [id],
  section: "",
  requirement: "",
});
