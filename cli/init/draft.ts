import { stringify } from "yaml";
import { isBindable, type Offer, schemaOf, type SchemaUse } from "../../conformance/client/catalog.ts";
import type { JsonObject } from "../../conformance/client/http/json.ts";
import { minimalFor } from "../../conformance/client/schema.ts";

/** The material for a draft of drydock.yml. */
interface DraftInput {
  /** The plans of the broker's catalog; none if no broker was asked. */
  readonly offers: readonly Offer[];
  /** The value of `context.platform`; left out by default. */
  readonly platform?: string | undefined;
  /** Address of the DNS server that resolves the hosts of bindings. */
  readonly dns?: string | undefined;
}

const USES: readonly (readonly [kind: string, use: SchemaUse])[] = [
  ["provision", "create"],
  ["update", "update"],
  ["bind", "bind"],
];

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** Parameters that the plan's own schema requires, by kind of request; the values are invented to fit it. */
function requiredParameters(offer: Offer): JsonObject {
  const uses = isBindable(offer) ? USES : USES.slice(0, 2);
  const entries = uses.flatMap(([kind, use]) => {
    const schema = schemaOf(offer, use);
    const parameters = schema === undefined ? undefined : minimalFor(schema);
    return parameters === undefined || isEmpty(parameters) ? [] : [[kind, parameters] as const];
  });
  return Object.fromEntries(entries);
}

function parametersOf(offers: readonly Offer[]): JsonObject {
  const plans = offers
    .map((offer) => ({ offer, parameters: requiredParameters(offer) }))
    .filter(({ parameters }) => !isEmpty(parameters));
  const services = Map.groupBy(plans, ({ offer }) => offer.service.name);
  return Object.fromEntries(
    [...services].map(([service, ofService]) => [
      service,
      Object.fromEntries(ofService.map(({ offer, parameters }) => [offer.plan.name, parameters])),
    ]),
  );
}

const HEAD = `# yaml-language-server: $schema=node_modules/drydock-broker-conformance/docs/drydock.schema.json
# What drydock can't learn from the broker's catalog. All of it is optional; docs/drydock-yml.md explains every key.
`;

/** The sections that a broker may need and that only its vendor can fill in. */
const EXAMPLES = {
  parameters:
    "# parameters:          # by service, then plan; * stands for any\n#   my-db:\n#     small: { provision: { region: eu } }\n",
  context: "# context: { platform: kubernetes }\n",
  hooks:
    "# hooks:               # make the backend slow or broken on purpose: a command, or a URL that is POSTed to\n#   hold: { command: ./hold.sh }\n#   release: { command: ./release.sh }\n#   fail: { command: ./fail.sh }\n#   heal: { command: ./heal.sh }\n",
  data: "# data:                # how the data services behind the broker are reached (suites backup and isolation)\n#   dns: 127.0.0.1:8600\n",
} as const;

function section(name: "parameters" | "context" | "data", value: JsonObject, why: string): string {
  return isEmpty(value) ? EXAMPLES[name] : `# ${why}\n${stringify({ [name]: value })}`;
}

function planLines(offers: readonly Offer[]): string {
  const names = offers.map(({ service, plan }) => `${service.name}/${plan.name}`);
  return names.length === 0 ? "" : `# The broker offers: ${JSON.stringify(names.join(", ")).slice(1, -1)}\n`;
}

/** The text of a drydock.yml: what was found, and the rest as comments to fill in. */
export function draftFile({ offers, platform, dns }: DraftInput): string {
  const context = platform === undefined ? {} : { platform };
  const data = dns === undefined ? {} : { dns };
  return [
    `${HEAD}${planLines(offers)}`,
    section(
      "parameters",
      parametersOf(offers),
      "Required by the schemas of the plans. The values are invented: replace them by ones that the broker can use.",
    ),
    section("context", context, "Merged into the context of requests."),
    EXAMPLES.hooks,
    section("data", data, "How the data services behind the broker are reached."),
  ].join("\n");
}
