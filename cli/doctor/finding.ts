/** What a machine can do in one respect. */
export interface Finding {
  readonly name: string;
  /** `ok`; `less`: it works in part; `missing`: what `affects` names won't work. */
  readonly state: "ok" | "less" | "missing";
  /** What was found, in one line. */
  readonly found: string;
  /** What stops working, or is limited. */
  readonly affects?: string;
  /** What to do about it. */
  readonly help?: string;
}

/** Finds out one thing. */
export type Probe = () => Promise<Finding>;
