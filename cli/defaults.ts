/** What `certify` takes where the command line says nothing. A file of its own, so that `--help` loads nothing more. */
export const DEFAULTS = { jobs: 4, maxInstances: 8 } as const;
