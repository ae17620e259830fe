/** A finding about one ability of a machine. */
export interface Finding {
  readonly name: string;
  /** `ok`; `less`: it works in part; `missing`: what `affects` names won't work. */
  readonly state: "ok" | "less" | "missing";
  /** The finding, in one line. */
  readonly found: string;
  /** The features that do not work, or are limited. */
  readonly affects?: string;
  /** The remedy. */
  readonly help?: string;
}

/** Finds out one thing. */
export type Probe = () => Promise<Finding>;
