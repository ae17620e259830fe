import { uriOf } from "../parameters.ts";
import type { Recipe } from "../service.ts";
import { CHANGEABLE, LASTING } from "./parameters.ts";

/** PostgreSQL, as a9s PostgreSQL offers it. */
export const POSTGRESQL: Recipe = {
  kind: "postgresql",
  product: "PostgreSQL",
  digit: "1",
  versions: ["18", "17", "16", "15"].map((version) => ({ name: `a9s-postgresql${version}`, version })),
  topology: "replica",
  tags: ["sql", "database", "object-relational", "consistent"],
  role: "pg",
  port: 5432,
  aliasOf: (deployment) => `${deployment}-psql-master-alias`,
  limits: {
    nano: { disk_mb: 512, memory_mb: 256 },
    small: { disk_mb: 1024, memory_mb: 512 },
    medium: { disk_mb: 2048, memory_mb: 1024 },
    big: { disk_mb: 4096, memory_mb: 2048 },
  },
  changeable: CHANGEABLE,
  lasting: LASTING,
  growing: ["max_connections"],
  credentials: (login) => {
    const { deployment: name, host, hosts, port, username, password, cacrt } = login;
    const uri = uriOf("postgres", login, name);
    const keys = { host, hosts, port, name, username, password };
    return cacrt === undefined ? { ...keys, uri } : { ...keys, uri: `${uri}?sslmode=require`, cacrt };
  },
};
