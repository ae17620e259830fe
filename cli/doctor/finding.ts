/** What a machine can do, in one respect. */
export interface Finding {
  readonly name: string;
  /** `ok`; `less`: it works, but not all of it; `missing`: what `affects` names won't work. */
  readonly state: "ok" | "less" | "missing";
  /** What was found, in one line. */
  readonly found: string;
  /** What stops working, or works less. */
  readonly affects?: string;
  /** What to do about it. */
  readonly help?: string;
}

/** Finds one thing out. */
export type Probe = () => Promise<Finding>;
