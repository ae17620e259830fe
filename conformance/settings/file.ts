import type { DrydockInput } from "./schema.ts";

/** The section `data`: how the data services behind the broker are reached. */
export type DataSettings = Omit<NonNullable<DrydockInput["data"]>, "credentials"> & {
  readonly credentials: NonNullable<NonNullable<DrydockInput["data"]>["credentials"]>;
};

/** `drydock.yml`: what can't be learnt from a broker's catalog, with defaults filled in. */
export interface DrydockFile {
  readonly parameters: NonNullable<DrydockInput["parameters"]>;
  readonly context: NonNullable<DrydockInput["context"]>;
  readonly headers: Readonly<Record<string, string>>;
  readonly hooks: NonNullable<DrydockInput["hooks"]>;
  /** Undefined: the interface of backups is detected. */
  readonly backup: DrydockInput["backup"];
  readonly figures: NonNullable<DrydockInput["figures"]>;
  readonly data: DataSettings;
}

/** The empty file. */
export const EMPTY_FILE: DrydockFile = {
  parameters: {},
  context: {},
  headers: {},
  hooks: {},
  backup: undefined,
  figures: {},
  data: { credentials: {} },
};
