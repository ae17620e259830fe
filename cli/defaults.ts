/** The defaults of `certify`. They have their own file, so that `--help` loads nothing else. */
export const DEFAULTS = { jobs: 64, maxInstances: 64, maxOperation: 600, plans: "all" } as const;
