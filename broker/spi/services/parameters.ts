import type { SchemaProperties } from "./service.ts";

/** Parameters of every service (docs/discoveries/data-services.md, "Parameters"). */
export const EVERY_SERVICE: SchemaProperties = {
  max_disk_threshold: {
    type: "integer",
    minimum: 0,
    maximum: 100,
    description: "Percentage of the disk at which processes are stopped.",
  },
};

/** The uri of a login, as most clients take it. */
export const uriOf = (
  scheme: string,
  login: { readonly username: string; readonly password: string; readonly host: string; readonly port: number },
  path: string,
): string => `${scheme}://${login.username}:${login.password}@${login.host}:${login.port}/${path}`;
