import type { Offer } from "../client/catalog.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { suggestionsFor } from "../client/errors/nearest.ts";

type Named = { readonly id: string; readonly name: string };

/** Names that are listed when none is near. */
const NAMES_LISTED_MAX = 10;

const isCalled = (wanted: string | undefined, { id, name }: Named): boolean =>
  wanted === undefined || id === wanted || name === wanted;

function noSuch(kind: "service" | "plan", wanted: string, all: readonly Named[], where: string): TargetError {
  const names = [...new Set(all.flatMap(({ name }) => (typeof name === "string" ? [name] : [])))];
  const hint = suggestionsFor(wanted, names) || `; there is ${names.slice(0, NAMES_LISTED_MAX).join(", ") || "none"}`;
  return new TargetError("no-such-service", `no such ${kind}${where}: "${wanted}"${hint}`);
}

/**
 * The plans under test.
 *
 * @throws TargetError no-such-service when the service, or a plan of it, is not in the catalog.
 */
export function chooseOffers(
  offers: readonly Offer[],
  { service, plan }: { readonly service?: string; readonly plan?: string },
): readonly Offer[] {
  const ofService = offers.filter((offer) => isCalled(service, offer.service));
  if (service !== undefined && ofService.length === 0)
    throw noSuch(
      "service",
      service,
      offers.map((offer) => offer.service),
      "",
    );
  const chosen = ofService.filter((offer) => isCalled(plan, offer.plan));
  if (plan !== undefined && chosen.length === 0) {
    const where = service === undefined ? "" : ` of the service "${service}"`;
    throw noSuch(
      "plan",
      plan,
      ofService.map((offer) => offer.plan),
      where,
    );
  }
  return chosen;
}
