import type { Fields } from "../configs/fields.ts";

/** What a job or a disk of a deployment provides, or the manifest itself says of a link that a job consumes. */
export interface LinkProvider {
  readonly id: number;
  readonly deployment: string;
  readonly group: string;
  /** A disk has the name of its group here. */
  readonly job: string;
  readonly kind: "job" | "disk" | "manual";
  /** Whether the manifest withholds it: listed, but nothing can consume it. */
  readonly isWithheld: boolean;
  /** In the release's job. */
  readonly definition: string;
  readonly type: string;
  readonly name: string;
  readonly shared: boolean;
  /** The properties of the job that the link shows. */
  readonly properties: Fields;
  readonly dns: LinkDns;
  /** Names in the director's DNS that stand for its instances. */
  readonly aliases: readonly LinkAlias[];
}

/** A name that stands for the instances of a provider, in the manifest's own keys. */
export interface LinkAlias {
  readonly domain: string;
  readonly placeholder_type?: string;
  readonly health_filter?: string;
  readonly initial_health_check?: string;
}

/** How the addresses of a provider are chosen. */
export interface LinkDns {
  /** The network whose addresses are shown unless a consumer asks for another's. */
  readonly defaultNetwork: string;
  readonly networks: readonly string[];
  readonly usesNames: boolean;
  readonly usesShortNames: boolean;
  readonly usesLinkNames: boolean;
}

/** A link that a job, a variable or an external consumer consumes. */
export interface LinkConsumer {
  readonly id: number;
  readonly deployment: string;
  readonly ownerType: "job" | "variable" | "external";
  readonly owner: string;
  readonly group: string | null;
  readonly definition: string;
  readonly type: string;
  readonly name: string;
  readonly optional: boolean;
}

/** A provider and a consumer that belong together. */
export interface Link {
  readonly id: number;
  readonly name: string;
  readonly consumerId: number;
  readonly providerId: number | null;
  readonly createdMs: number;
  readonly network: string | null;
  /** What it holds, as a digest; undefined until it is bound. */
  readonly content?: string;
}

/** All links of the director, with their two ends. */
export interface Links {
  providers: LinkProvider[];
  consumers: LinkConsumer[];
  links: Link[];
  readonly ids: { providers: number; consumers: number; links: number };
}
