import { bodyJson, type HttpReply, json } from "../../../kernel/index.ts";
import { str } from "../../python/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { checkScope } from "../behaviour/address-scopes.ts";
import { parsePrefix, type Prefix } from "../behaviour/ip.ts";
import { mergePrefixes, removePrefixes } from "../behaviour/subnetpools.ts";
import { requireNetwork } from "../state/lookup.ts";
import type { SubnetpoolRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { isDictionary } from "../wire/structures.ts";
import { badInput, httpBadRequest, invalid } from "../wire/errors.ts";
import type { View } from "../wire/views.ts";
import { requireRow } from "./resource.ts";
import { SUBNETPOOLS } from "./subnetpools.ts";

const bodyOf = ({ request }: RequestContext): View => {
  const body = bodyJson(request);
  return body.ok && isDictionary(body.value) ? body.value : {};
};

/** @throws Refusal 400 */
function prefixesIn(context: RequestContext): readonly Prefix[] {
  const { prefixes } = bodyOf(context);
  if (!Array.isArray(prefixes) || prefixes.length === 0) throw httpBadRequest("Request body contains invalid data");
  return prefixes.map((each: unknown) => {
    const prefix = parsePrefix(each);
    if (prefix === undefined) throw invalid("AddrFormatError", `invalid IPNetwork ${str(each)}`);
    return prefix;
  });
}

/** Adopts a network's subnets into the pool. @throws Refusal 400, 404 */
function onboard(neutron: Neutron, context: RequestContext, pool: SubnetpoolRow): HttpReply {
  const { network_id: id } = bodyOf(context);
  if (id === undefined || id === null) throw badInput("network_id must be specified.");
  const network = requireNetwork(neutron, context.actor, str(id));
  const subnets = network.subnets
    .flatMap((each) => neutron.slot.value.subnets.get(each) ?? [])
    .filter(({ version }) => version === pool.version);
  pool.prefixes = mergePrefixes([...pool.prefixes, ...subnets.map(({ cidr }) => cidr)]);
  for (const subnet of subnets) subnet.subnetpoolId = pool.id;
  touch(neutron, pool);
  return json(
    200,
    subnets.map(({ id: subnetId, cidr }) => ({ id: subnetId, cidr })),
  );
}

/** Changes a subnet pool's prefixes, and adopts a network's subnets into it. */
export function subnetpoolActions(neutron: Neutron): readonly OpenStackRoute[] {
  const poolIn = ({ actor, params }: RequestContext): SubnetpoolRow =>
    requireRow(neutron, SUBNETPOOLS, actor, params.id ?? "");
  const item = "/v2.0/subnetpools/:id";
  return [
    {
      method: "PUT",
      path: `${item}/add_prefixes`,
      handler: (context) => {
        const pool = poolIn(context);
        const added = prefixesIn(context);
        if (added.some(({ version }) => version !== pool.version))
          throw invalid("PrefixVersionMismatch", "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.");
        const prefixes = mergePrefixes([...pool.prefixes, ...added.map(({ text }) => text)]);
        checkScope(neutron, context.actor, pool.addressScopeId, { ...pool, prefixes });
        pool.prefixes = prefixes;
        touch(neutron, pool);
        return json(200, { prefixes });
      },
    },
    {
      method: "PUT",
      path: `${item}/remove_prefixes`,
      handler: (context) => {
        const pool = poolIn(context);
        pool.prefixes = removePrefixes(neutron, pool, prefixesIn(context));
        touch(neutron, pool);
        return json(200, { prefixes: pool.prefixes });
      },
    },
    {
      method: "PUT",
      path: `${item}/onboard_network_subnets`,
      handler: (context) => onboard(neutron, context, poolIn(context)),
    },
  ];
}
