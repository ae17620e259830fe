import { stringOf } from "../../client/http/json.ts";
import { type CatalogRule, judge, rule } from "./rule.ts";
import { both, plans, present, services } from "./spots.ts";

const texts = both(...["name", "description"].map((member) => present(both(services, plans), member)));

/** Rules about every name and description (spec.md, "Catalog Management"). */
export const GENERAL_RULES: readonly CatalogRule[] = [
  rule(
    "catalog-strings-max-255",
    "Names and descriptions have at most 255 characters",
    "at most 255 characters",
    judge(texts, (value) => Array.from(stringOf(value) ?? "").length <= 255),
  ),
  rule(
    "catalog-avoid-cli-unfriendly",
    "Names are ones that a command line can take",
    "names that a command line can take",
    judge(
      present(both(services, plans), "name"),
      (value) => typeof value !== "string" || value === "" || (/[\p{L}\p{N}]/u.test(value) && !value.startsWith("-")),
    ),
  ),
];
