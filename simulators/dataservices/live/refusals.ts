import type { Effect } from "../../kernel/index.ts";

/** The refusal of a client of an instance whose role its engine does not serve. */
export class RoleNotServed extends Error {}

/** A fault armed on connections. */
export class ConnectionFault extends Error {
  readonly effect: Effect;

  constructor(effect: Effect) {
    super(`a fault of kind ${effect.kind}`);
    this.effect = effect;
  }
}
