import { jsonOf } from "../memory-broker/http.ts";
import { header, is, status } from "./changes.ts";
import { sendsHeader } from "./conditions.ts";
import { alter, pretend } from "./middleware.ts";
import { mutant, type Mutant } from "./mutant.ts";
import { replaceAt } from "./paths.ts";
import type { Middleware, TrafficMemory } from "./traffic.ts";

const rereads = (memory: TrafficMemory): number => {
  const count = Number(memory.facts.get("reads") ?? 0) + 1;
  memory.facts.set("reads", count);
  return count;
};

/** From the second reading on, what the catalog says at a path is something else. */
const changeLater =
  (path: readonly (string | number)[], to: string | undefined): Middleware =>
  async (request, next, memory) => {
    const isLater = request.path[1] === "catalog" && rereads(memory) > 1;
    const response = await next(request);
    if (!isLater || response.status !== 200) return response;
    return { ...response, text: JSON.stringify(replaceAt(jsonOf(response), path, to)) };
  };

/** Planted defects for the checks of spec.md, "Catalog Management". */
export const catalogManagementMutants: readonly Mutant[] = [
  mutant("catalog-etag", "The ETag is not quoted.", alter(["catalog"], is(200), header("etag", "memory-1"))),
  mutant(
    "catalog-etag",
    "Breaks when asked whether the catalog has changed.",
    pretend(["catalog"], sendsHeader("if-none-match"), 500),
    { id: "breaks-on-if-none-match" },
  ),
  mutant(
    "catalog-if-modified-since",
    "The time of the last change is not a time.",
    alter(["catalog"], is(200), header("last-modified", "yesterday")),
  ),
  mutant(
    "catalog-if-modified-since",
    "Breaks when asked whether the catalog has changed since.",
    pretend(["catalog"], sendsHeader("if-modified-since"), 500),
    { id: "breaks-on-if-modified-since" },
  ),
  mutant(
    "catalog-ids-stable",
    "A plan has another id each time that the catalog is made.",
    changeLater(["services", 0, "plans", "last", "id"], "5f0b4c8e-0000-4000-8000-000000000999"),
  ),
  mutant("catalog-200", "The catalog comes with 203.", alter(["catalog"], is(200), status(203))),
  mutant("catalog-services-required", "The catalog is empty when read again.", changeLater(["services"], undefined)),
];
