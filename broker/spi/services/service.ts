/** Sizes of plans, from small to large. VM and disk types have these names. */
export const SIZES = ["nano", "small", "medium", "big"] as const;
/** One of `SIZES`. */
type Size = (typeof SIZES)[number];

/** A plan as the catalog offers it. */
export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly size: Size;
  readonly nodes: 1 | 3;
  /** Whether its instances speak TLS, and nothing else. */
  readonly isTls: boolean;
  /** The offering that it is a plan of. */
  readonly offeringId: string;
}

/** A service of the catalog: one version of an engine. It never changes, so another version is another service. */
export interface Offering {
  readonly id: string;
  readonly name: string;
  /** Version of the engine, as far as it is part of the offer: `18`. */
  readonly version: string;
  readonly plans: readonly Plan[];
}

/** The values from which credentials are built. */
interface ServiceLogin {
  readonly deployment: string;
  /** The name that leads to the primary. */
  readonly host: string;
  /** One name a node. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** PEM of the authority of an instance that speaks TLS. */
  readonly cacrt?: string;
}

/** Properties of a JSON Schema (draft 4), by name. */
export type SchemaProperties = Readonly<Record<string, object>>;

/** The limits of an instance of a size, in the properties of its job. */
type Limits = Readonly<Record<string, string | number>>;

/** Everything that the platform knows about one data service. The rest of the broker never depends on a service's kind. */
export interface Recipe {
  /** Name of the job that runs it, and of its plans. */
  readonly kind: string;
  /** The name of the product, for people. */
  readonly product: string;
  /** The digit of this service in ids, which no other service has. */
  readonly digit: string;
  /** Versions of the engine that can be offered; the first one is what is offered by default. An entry keeps its place: ids follow from it. */
  readonly versions: readonly { readonly name: string; readonly version: string }[];
  /** The name of a plan with three nodes. */
  readonly topology: "replica" | "cluster";
  readonly tags: readonly string[];
  /** Role of a node in its name: `<deployment>-<role>-<n>`. */
  readonly role: string;
  readonly port: number;
  /** The name in Consul that leads to the primary. */
  readonly aliasOf: (deployment: string) => string;
  readonly limits: Readonly<Record<Size, Limits>>;
  /** Parameters that a platform may give on create and change on update. */
  readonly changeable: SchemaProperties;
  /** Those that it may give only on create. */
  readonly lasting: SchemaProperties;
  /** Parameters that never get smaller. */
  readonly growing: readonly string[];
  /** The keys that an application gets. */
  readonly credentials: (login: ServiceLogin) => object;
}

/** A data service that can be offered. */
export interface Service extends Omit<Recipe, "versions"> {
  readonly offerings: readonly Offering[];
  /** The plans of all offerings. */
  readonly plans: readonly Plan[];
}

/** The order in which plans are offered: the four of the oldest catalog first. */
const SIZES_BY_AGE = ["small", "big", "nano", "medium"] as const satisfies readonly Size[];
const CLASSIC_SIZES = 2;

/** Ids never change: platforms know a plan by its id. */
function plansOf(recipe: Recipe, offeringId: string): readonly Plan[] {
  const prefix = offeringId.slice(0, offeringId.length - 3);
  const plans = [false, true].flatMap((isTls) =>
    ([1, 3] as const).flatMap((nodes, at) =>
      SIZES_BY_AGE.map((size, step) => ({
        age: isTls || step >= CLASSIC_SIZES ? 1 : 0,
        plan: {
          id: `${prefix}${isTls ? 1 : 0}${at}${step}`,
          name: `${recipe.kind}-${nodes === 1 ? "single" : recipe.topology}-${size}${isTls ? "-ssl" : ""}`,
          size,
          nodes,
          isTls,
          offeringId,
        } satisfies Plan,
      })),
    ),
  );
  return plans.toSorted((a, b) => a.age - b.age).map(({ plan }) => plan);
}

/** Makes the service of a recipe: each of its versions with every plan. */
export function serviceFrom({ versions, ...rest }: Recipe): Service {
  const offerings = versions.map(({ name, version }, at): Offering => {
    const id = `5d3b1c${rest.digit}${at}-0000-4000-8000-000000000000`;
    return { id, name, version, plans: plansOf({ versions, ...rest }, id) };
  });
  return { ...rest, offerings, plans: offerings.flatMap(({ plans }) => plans) };
}

/**
 * Whether an instance may move from one plan to the other: it may grow, become replicated, or stay the same. Its engine and its encryption can't
 * change.
 */
export const mayBecome = (from: Plan, to: Plan): boolean =>
  from.offeringId === to.offeringId &&
  from.isTls === to.isTls &&
  SIZES.indexOf(to.size) >= SIZES.indexOf(from.size) &&
  to.nodes >= from.nodes;
