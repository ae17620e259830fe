/** What a job of a deployment provides. */
export interface LinkProvider {
  readonly id: number;
  readonly deployment: string;
  readonly group: string;
  readonly job: string;
  /** In the release's job. */
  readonly definition: string;
  readonly type: string;
  name: string;
  shared: boolean;
}

/** What a job, or somebody outside, consumes. */
export interface LinkConsumer {
  readonly id: number;
  readonly deployment: string;
  readonly ownerType: "job" | "external";
  readonly owner: string;
  readonly group: string | null;
  readonly definition: string;
  readonly type: string;
  name: string;
  readonly optional: boolean;
}

/** A provider and a consumer that belong together. */
export interface Link {
  readonly id: number;
  readonly name: string;
  readonly consumerId: number;
  readonly providerId: number;
  readonly createdMs: number;
  readonly network: string | null;
}

/** All links of the director, with their two ends. */
export interface Links {
  providers: LinkProvider[];
  consumers: LinkConsumer[];
  links: Link[];
  readonly ids: { providers: number; consumers: number; links: number };
}
