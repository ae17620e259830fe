import { createZone, type Hosting, recordOf, type RecordSet, typeNumber, type Zone } from "./dns/index.ts";
import type { OpenStack } from "./openstack/index.ts";

type Published = ReturnType<OpenStack["state"]>["designate"]["served"];
type Version = Published extends ReadonlyMap<string, readonly (infer V)[]> ? V : never;
type Content = NonNullable<Version["content"]>;

/** The zone of a name server itself: its address. */
function ownZone(host: string, address: string): Zone {
  const soa = recordOf(host, "SOA", TTL_S, `${host} hostmaster.${host} 1 3600 600 86400 3600`);
  const records = [
    [host, "SOA", soa],
    [host, "NS", recordOf(host, "NS", TTL_S, host)],
    [host, "A", recordOf(host, "A", TTL_S, address)],
  ] as const;
  return createZone(
    host,
    records.flatMap(([name, type, record]) => setOf(name, type, record === undefined ? [] : [record]) ?? []),
  );
}

const TTL_S = 3600;

function setOf(name: string, type: string, records: RecordSet["records"]): RecordSet | undefined {
  const number = typeNumber(type);
  return number === undefined || records.length === 0 ? undefined : { name, type: number, records };
}

function zoneOf(name: string, { sets }: Content): Zone {
  return createZone(
    name,
    sets.flatMap(({ name: owner, type, ttl, records }) => {
      const list = records.flatMap((text) => recordOf(owner, type, ttl, text) ?? []);
      return setOf(owner, type, list) ?? [];
    }),
  );
}

/** The zones that Designate has published, as its name server hosts them: now, or as they were some ms ago. */
export class PublishedZones {
  readonly #openstack: OpenStack;
  readonly #nowMs: () => number;
  readonly #own: Zone;
  /** Made once for each version. */
  readonly #zones = new WeakMap<Content, Zone>();
  #hosting: Hosting = { zones: new Map(), transfers: true };
  #served: Published | undefined;
  #changes = -1;

  /** @param host the name of the name server, with its final dot */
  constructor(openstack: OpenStack, nowMs: () => number, host: string, address: string) {
    this.#openstack = openstack;
    this.#nowMs = nowMs;
    this.#own = ownZone(host, address);
  }

  hosting(): Hosting {
    const { served, servedChanges } = this.#openstack.state().designate;
    // A restore puts another map in its place.
    if (served !== this.#served || servedChanges !== this.#changes) {
      this.#served = served;
      this.#changes = servedChanges;
      this.#hosting = this.#hostingAt(Number.POSITIVE_INFINITY);
    }
    return this.#hosting;
  }

  hostingBack(ageMs: number): Hosting {
    return this.#hostingAt(this.#nowMs() - ageMs);
  }

  #hostingAt(atMs: number): Hosting {
    const zones = new Map<string, Zone>([[this.#own.name, this.#own]]);
    for (const [name, versions] of this.#openstack.state().designate.served) {
      const content = versions.findLast((version) => version.atMs <= atMs)?.content;
      if (content === undefined || content === null) continue;
      const zone = this.#zones.get(content) ?? zoneOf(name, content);
      this.#zones.set(content, zone);
      zones.set(zone.name, zone);
    }
    return { zones, transfers: true };
  }
}
