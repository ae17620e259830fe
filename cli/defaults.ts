/** What `certify` takes where the command line says nothing. A file of its own, so that `--help` loads nothing more. */
export const DEFAULTS = { jobs: 64, maxInstances: 64, maxOperation: 600, plans: "all" } as const;
