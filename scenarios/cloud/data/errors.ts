/** The reasons why a cloud can't be kept in a folder or restored from one, with their remedies. */
export const DATA_ERRORS = {
  DATA_NOT_A_CLOUD: "choose an empty folder, or one that an earlier drydock up --data has made",
  DATA_OPEN: "the folder must belong to you, and nobody else may write to it: chmod go-w, or choose another",
  DATA_VERSION: "start it with the version that made it, or begin anew: drydock reset --data DIR",
  DATA_OPTIONS: "leave the option out, or begin anew: drydock reset --data DIR",
  DATA_IN_USE: "end the cloud that uses it first: drydock list, drydock down",
  DATA_DAMAGED: "bring back a snapshot (drydock snapshot restore), or begin anew: drydock reset --data DIR",
  DATA_FULL: "make room on the disk; what could not be written was refused",
  DATA_PATH: "choose a folder with a shorter path that other users may pass through",
  DATA_ENGINES: "install what is missing, or begin anew: drydock reset --data DIR",
  DATA_NOT_KEPT: "leave out --data, or the option",
  DATA_FROZEN: "it is ending; ask again once it is up",
  DATA_NO_SNAPSHOT: "drydock snapshot list --data DIR names them",
  DATA_SNAPSHOT_NAME: "a name has letters, digits, dots and dashes, and belongs to one snapshot",
} as const;

/** A cloud can't be kept or restored; the message says what to do. */
export class KeptCloudError extends Error {
  readonly code: keyof typeof DATA_ERRORS;

  constructor(code: keyof typeof DATA_ERRORS, what: string) {
    super(`${what} (${code}: ${DATA_ERRORS[code]})`);
    this.name = "KeptCloudError";
    this.code = code;
  }
}
