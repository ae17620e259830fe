import { jsonOf, type WireRequest } from "../memory-broker/http.ts";
import { set } from "./changes.ts";
import { pretend, type When } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import type { Middleware } from "./traffic.ts";

const isOdd: When = ({ path }) => /[ /]/.test(path[2] ?? "");

/** Cuts instance ids short where they become unusual. */
const shorten = (request: WireRequest): WireRequest => ({
  ...request,
  path: request.path.map((part, at) => (at === 2 ? part.replace(/[ /].*$/, "") : part)),
});

/** Operation strings that a URL has to encode. */
const encodeOperations: Middleware = async (request, next, memory) => {
  const { operation, ...query } = request.query;
  const own = operation?.replace(/^jobs\//, "");
  const response = await next({ ...request, query: own === undefined ? query : { ...query, operation: own } });
  const returned = jsonOf(response)["operation"];
  return typeof returned === "string" ? set("operation", `jobs/${returned}`)(response, request, memory) : response;
};

/** Planted defects for the checks of spec.md, "URL Properties". */
export const urlPropertiesMutants: readonly Mutant[] = [
  mutant("url-no-charset-restriction", "Breaks on ids with a blank or a slash.", pretend(["provision"], isOdd, 500), {
    also: ["error-appropriate-status"],
  }),
  mutant("url-no-charset-restriction", "Ends an id at a blank or a slash.", (request, next) => next(shorten(request)), {
    id: "cuts-ids-short",
  }),
  mutant("url-ids-unreserved", "Operation strings contain a slash.", encodeOperations, { mode: "async" }),
];
