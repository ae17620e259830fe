import { header, is } from "./changes.ts";
import { alter, pretend, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";

const isTyped =
  (type: string | undefined): When =>
  ({ headers }) =>
    headers["content-type"] === type;

/** Planted defects for the checks of spec.md, "Content Type". */
export const contentTypeMutants: readonly Mutant[] = [
  mutant(
    "request-content-type-missing-tolerated",
    "Answers 415 to a body without a content type.",
    pretend(["provision"], isTyped(undefined), 415),
  ),
  mutant(
    "request-content-type-mismatch-400",
    "Answers 415 to a body of another type.",
    pretend(["provision"], isTyped("text/plain"), 415),
  ),
  mutant(
    "request-content-type-mismatch-400",
    "Breaks on a body of another type.",
    pretend(["provision"], isTyped("text/plain"), 500),
    { id: "breaks-on-other-types", also: ["error-appropriate-status"] },
  ),
  mutant(
    "response-content-type-json",
    "The catalog declares itself to be text.",
    alter(["catalog"], is(200), header("content-type", "text/plain")),
  ),
];
