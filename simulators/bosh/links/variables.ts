import type { LinkConsumer, LinkProvider, Links } from "../state/links.ts";
import { describeFailure } from "./messages.ts";
import type { VariableUse } from "./uses.ts";

/** The name that a variable takes from a link: the address of its provider. */
export function matchVariables(
  table: Links,
  deployment: string,
  uses: readonly VariableUse[],
  own: readonly LinkProvider[],
): {
  readonly consumers: readonly LinkConsumer[];
  readonly links: readonly { readonly consumer: LinkConsumer; readonly provider: LinkProvider }[];
  readonly errors: readonly string[];
} {
  const matches = uses.map((use) => {
    const { definition, variable, given } = use;
    const name = String(given.from ?? definition.name);
    const key = { deployment, group: "", owner: variable, definition: definition.name };
    const known = table.consumers.find(
      (each) =>
        each.ownerType === "variable" &&
        each.deployment === deployment &&
        each.owner === variable &&
        each.definition === definition.name,
    );
    const consumer: LinkConsumer = known ?? {
      id: ++table.ids.consumers,
      ...key,
      ownerType: "variable",
      type: definition.type,
      name,
      optional: false,
    };
    const fitting = own.filter((each) => each.type === definition.type && each.name === name);
    const [provider] = fitting;
    const isOne = provider !== undefined && fitting.length === 1;
    return { consumer, provider, error: isOne ? undefined : describeFailure(use, name, fitting) };
  });
  return {
    consumers: matches.map(({ consumer }) => consumer),
    links: matches.flatMap(({ consumer, provider, error }) =>
      provider === undefined || error !== undefined ? [] : [{ consumer, provider }],
    ),
    errors: matches.flatMap(({ error }) => (error === undefined ? [] : [error])),
  };
}
