import type { Link, LinkConsumer, LinkProvider, Links } from "../state/links.ts";

/** Adds the link between provider and consumer to a table of links; keeps an existing one. */
export function connect(
  table: Links,
  consumer: LinkConsumer,
  provider: LinkProvider | null,
  { name, network, nowMs }: { readonly name: string; readonly network: string | null; readonly nowMs: number },
): Link {
  const known = table.links.find(
    (each) => each.consumerId === consumer.id && each.providerId === (provider?.id ?? null),
  );
  if (known !== undefined) return known;
  const link: Link = {
    id: ++table.ids.links,
    name,
    consumerId: consumer.id,
    providerId: provider?.id ?? null,
    createdMs: nowMs,
    network,
  };
  table.links.push(link);
  return link;
}

/** A link that holds something else than before is another link. */
export function renew(table: Links, link: Link, content: string, nowMs: number): void {
  if (link.content === content) return;
  const isNew = link.content === undefined;
  const renewed = isNew ? { ...link, content } : { ...link, content, id: ++table.ids.links, createdMs: nowMs };
  table.links = [...table.links.filter(({ id }) => id !== link.id), renewed];
}

/** Removes the links that have lost their provider or consumer. */
export function dropDangling(table: Links): void {
  const consumers = new Set(table.consumers.map(({ id }) => id));
  const providers = new Set(table.providers.map(({ id }) => id));
  table.links = table.links.filter(
    (each) => consumers.has(each.consumerId) && (each.providerId === null || providers.has(each.providerId)),
  );
}

/** Removes what a deleted deployment provided and consumed. */
export function dropLinks(table: Links, deployment: string): void {
  table.providers = table.providers.filter((each) => each.deployment !== deployment);
  table.consumers = table.consumers.filter((each) => each.deployment !== deployment);
  dropDangling(table);
}
