import { isArray, isObject, type Json } from "../../client/http/json.ts";

/** Something that a rule looked at: where it stands in the catalog, and its value. */
export interface Spot {
  readonly path: string;
  readonly value: Json | undefined;
}

/** Selects what a rule looks at. */
export interface Spots {
  (catalog: Json): readonly Spot[];
  /** Its path, such as `services[].tags`; undefined if there is no short one. */
  readonly about?: string | undefined;
}

const nameSpots = (select: (catalog: Json) => readonly Spot[], about: string | undefined): Spots =>
  Object.assign((catalog: Json) => select(catalog), { about });

const OR = " or ";

const within = ({ about }: Spots, member: string): string | undefined =>
  about
    ?.split(OR)
    .map((place) => `${place}.${member}`)
    .join(OR);

/** The entries of a list, for each spot that has it. */
export function children(spots: readonly Spot[], member: string): Spot[] {
  return spots.flatMap(({ path, value }) => {
    const list = isObject(value) ? value[member] : undefined;
    return isArray(list) ? list.map((item, at) => ({ path: `${path}.${member}[${at}]`, value: item })) : [];
  });
}

/** All offerings. */
export const services: Spots = nameSpots(
  (catalog) => children([{ path: "", value: catalog }], "services"),
  "services[]",
);

/** All plans of all offerings. */
export const plans: Spots = nameSpots((catalog) => children(services(catalog), "plans"), "services[].plans[]");

/** The member of each spot, whether there or not. */
export const every = (spots: Spots, member: string): Spots =>
  nameSpots(
    (catalog) =>
      spots(catalog).map(({ path, value }) => ({
        path: `${path}.${member}`,
        value: isObject(value) ? value[member] : undefined,
      })),
    within(spots, member),
  );

/** The member of each spot, if present. Null counts as absent, because many languages write it for what they do not have. */
export const present = (spots: Spots, member: string): Spots =>
  nameSpots(
    (catalog) => every(spots, member)(catalog).filter(({ value }) => value !== undefined && value !== null),
    within(spots, member),
  );

/** The member where it is an object: what is inside can be judged. */
export const objectsAt = (spots: Spots, member: string): Spots =>
  nameSpots((catalog) => present(spots, member)(catalog).filter(({ value }) => isObject(value)), within(spots, member));

/** What any of several selections finds. */
export const both = (...all: readonly Spots[]): Spots =>
  nameSpots(
    (catalog) => all.flatMap((spots) => spots(catalog)),
    all.every(({ about }) => about !== undefined) ? all.map(({ about }) => about).join(OR) : undefined,
  );
