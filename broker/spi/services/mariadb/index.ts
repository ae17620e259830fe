import { EVERY_SERVICE, uriOf } from "../parameters.ts";
import type { Recipe } from "../service.ts";

/**
 * MariaDB, as a9s MariaDB offers it. A skeleton: it can be ordered from a director that has a release `a9s-mariadb` with the agent of this
 * platform; no fake cloud has one.
 */
export const MARIADB: Recipe = {
  kind: "mariadb",
  product: "MariaDB",
  digit: "5",
  versions: [{ name: "a9s-mariadb1011", version: "10.11" }],
  topology: "cluster",
  tags: ["sql", "database", "relational"],
  role: "mysql",
  port: 3306,
  aliasOf: (deployment) => `${deployment}-mysql`,
  limits: {
    nano: { disk_mb: 512 },
    small: { disk_mb: 1024 },
    medium: { disk_mb: 2048 },
    big: { disk_mb: 4096 },
  },
  changeable: {
    ...EVERY_SERVICE,
    binlogExpireDays: { type: "integer", minimum: 1, maximum: 99, description: "Days for which its log is kept." },
  },
  lasting: {},
  growing: [],
  credentials: (login) => {
    const { deployment: name, host, hosts, port, username, password, cacrt } = login;
    const keys = { host, hosts, port, name, username, password, uri: uriOf("mysql", login, name) };
    return { ...keys, ...(cacrt !== undefined && { cacrt }) };
  },
};
