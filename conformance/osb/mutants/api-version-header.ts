import type { JsonObject } from "../../client/http/json.ts";
import { not, sendsHeader, spells } from "./conditions.ts";
import { pretend, refuse, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

const VERSION_HEADER = "x-broker-api-version";

const isOtherMajor: When = ({ headers }) => !(headers[VERSION_HEADER] ?? "2.").startsWith("2.");

const unknownVersion: JsonObject = { error: "VersionNotSupported" };

/** Planted defects for the checks of spec.md, "API Version Header". */
export const apiVersionHeaderMutants: readonly Mutant[] = [
  mutant(
    "api-version-unsupported-412",
    "Breaks on a version that it does not know.",
    pretend(["catalog"], isOtherMajor, 500, unknownVersion),
  ),
  mutant(
    "api-version-unsupported-message",
    "Refuses a version without a word.",
    pretend(["catalog"], isOtherMajor, 412, unknownVersion),
  ),
  mutant(
    "api-version-missing-400",
    "Breaks when no version is given.",
    pretend(["catalog"], not(sendsHeader(VERSION_HEADER)), 500),
  ),
  mutant(
    "api-version-header-case-insensitive",
    "Knows the version header in one spelling only.",
    refuse(["catalog"], spells(VERSION_HEADER), 412),
  ),
];
