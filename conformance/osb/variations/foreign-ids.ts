import type { Offer } from "../../client/catalog.ts";
import type { OsbContext } from "../context.ts";

/** Another id instead of one that a request names. */
interface ForeignId {
  readonly words: string;
  readonly id: string;
}

/** An id that no catalog has, and an id of each other kind of thing in this catalog. */
function foreignIds(context: OsbContext, own: Offer, member: "service_id" | "plan_id"): readonly ForeignId[] {
  const foreign = context.run.services.find(({ id }) => id !== own.service.id);
  const [plan] = foreign?.plans ?? [];
  const other = member === "service_id" ? foreign : plan;
  return [
    { words: `an unknown ${member}`, id: context.platform.newId() },
    ...(other === undefined ? [] : [{ words: `the ${member} of another offering`, id: other.id }]),
  ];
}

/** Requests with a foreign id: one for each way in which an id can be wrong. */
export function withForeignIds(
  context: OsbContext,
  own: Offer,
  members: readonly ("service_id" | "plan_id")[],
): readonly { readonly words: string; readonly change: Readonly<Record<string, string>> }[] {
  return members.flatMap((member) =>
    foreignIds(context, own, member).map(({ words, id }) => ({ words, change: { [member]: id } })),
  );
}
