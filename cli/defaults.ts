/** The defaults of `certify`. They have a file of their own, so that `--help` loads nothing more. */
export const DEFAULTS = { jobs: 64, maxInstances: 64, maxOperation: 600, plans: "all" } as const;
