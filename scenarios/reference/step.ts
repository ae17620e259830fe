/** An instance that exists from the start. `plan` is an index into the offer's plans. */
export interface Standing {
  readonly tenant: number;
  readonly plan: number;
  /** Whether there is a backup of it, too. Default: false. */
  readonly hasBackup?: boolean;
}

/** The subject of an order. */
interface Targeting {
  /** Whether it must be idle, if anything is. Default: false, busy or not. */
  readonly ready?: boolean;
}

/** A step of a plan. Numbers that name an instance, a binding or a backup count modulo how many of them there are at the time. */
export type Step =
  | { readonly do: "provision"; readonly tenant: number; readonly plan: number; readonly parameters: boolean }
  | ({ readonly do: "update"; readonly instance: number; readonly grow: boolean } & Targeting)
  | ({ readonly do: "bind"; readonly instance: number } & Targeting)
  | ({ readonly do: "unbind"; readonly binding: number } & Targeting)
  | ({ readonly do: "deprovision"; readonly instance: number } & Targeting)
  | { readonly do: "write"; readonly binding: number; readonly rows: number }
  | ({ readonly do: "backup"; readonly instance: number } & Targeting)
  | ({ readonly do: "restore"; readonly backup: number } & Targeting)
  | { readonly do: "vanish"; readonly instance: number }
  | { readonly do: "kill-broker"; readonly downMs: number }
  | { readonly do: "pass"; readonly ms: number };

/** Describes an instance that exists from the start, in one line for a person. */
export const describeStanding = ({ tenant, plan, hasBackup = false }: Standing): string =>
  `there from the start: an instance with a binding${hasBackup ? " and a backup" : ""}, tenant=${tenant} plan=${plan}`;

/** Describes a step, in one line for a person. */
export function describeStep(step: Step): string {
  const { do: verb, ...rest } = step;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return [verb, ...details].join(" ");
}
