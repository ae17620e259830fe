import { isArray, isObject, type Json } from "../../client/http/json.ts";

/** Something that a rule looked at: where it stands in the catalog, and its value. */
export interface Spot {
  readonly path: string;
  readonly value: Json | undefined;
}

/** Selects what a rule looks at. */
export type Spots = (catalog: Json) => readonly Spot[];

/** The entries of a list, for each spot that has it. */
export function children(spots: readonly Spot[], member: string): Spot[] {
  return spots.flatMap(({ path, value }) => {
    const list = isObject(value) ? value[member] : undefined;
    return isArray(list) ? list.map((item, at) => ({ path: `${path}.${member}[${at}]`, value: item })) : [];
  });
}

/** All offerings. */
export const services: Spots = (catalog) => children([{ path: "", value: catalog }], "services");

/** All plans of all offerings. */
export const plans: Spots = (catalog) => children(services(catalog), "plans");

/** The member of each spot, whether there or not. */
export const every =
  (spots: Spots, member: string): Spots =>
  (catalog) =>
    spots(catalog).map(({ path, value }) => ({
      path: `${path}.${member}`,
      value: isObject(value) ? value[member] : undefined,
    }));

/** The member of each spot, where it is there. Null stands for none, as many languages write what they do not have. */
export const present =
  (spots: Spots, member: string): Spots =>
  (catalog) =>
    every(spots, member)(catalog).filter(({ value }) => value !== undefined && value !== null);

/** The member where it is an object: what is inside can be judged. */
export const objectsAt =
  (spots: Spots, member: string): Spots =>
  (catalog) =>
    present(spots, member)(catalog).filter(({ value }) => isObject(value));

/** What any of several selections finds. */
export const both =
  (...all: readonly Spots[]): Spots =>
  (catalog) =>
    all.flatMap((spots) => spots(catalog));
