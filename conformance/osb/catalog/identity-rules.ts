import { type CatalogRule, judge, rule } from "./rule.ts";
import { every, plans, present, services, type Spots } from "./spots.ts";
import { isBoolean, isFilled, isString } from "./values.ts";

/** The rules about the name, id and description that offerings and plans both have. */
export function identityRules(kind: "service" | "plan", spots: Spots): CatalogRule[] {
  const owner = kind === "service" ? "offering" : "plan";
  return ["name", "id", "description"].flatMap((member) => [
    rule(
      `${kind}-${member}-required`,
      `Each ${owner} has a string "${member}"`,
      `a string "${member}"`,
      judge(every(spots, member), isString),
    ),
    rule(
      `${kind}-${member}-nonempty`,
      `The "${member}" of each ${owner} is not empty`,
      `"${member}" not to be empty`,
      judge(present(spots, member), isFilled),
    ),
  ]);
}

/** The rule that a member, where it is there, is a boolean. */
export const flag = (clause: string, owner: "offering" | "plan", member: string): CatalogRule =>
  rule(
    clause,
    `"${member}" of ${owner === "offering" ? "an offering" : "a plan"} is a boolean`,
    `"${member}" to be a boolean`,
    judge(present(owner === "offering" ? services : plans, member), isBoolean),
  );
