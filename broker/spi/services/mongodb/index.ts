import { EVERY_SERVICE, uriOf } from "../parameters.ts";
import type { Recipe } from "../service.ts";

const MEBIBYTE = 1024 * 1024;
const limits = (connections: number, diskMb: number) => ({
  maxIncomingConnections: connections,
  disk_bytes: diskMb * MEBIBYTE,
});

/** A document database, as a9s MongoDB offers it. */
export const MONGODB: Recipe = {
  kind: "mongodb",
  product: "MongoDB",
  digit: "3",
  versions: [{ name: "a9s-mongodb", version: "7.0" }],
  topology: "replica",
  tags: ["nosql", "document"],
  role: "mongodb",
  port: 27017,
  aliasOf: (deployment) => `${deployment}-master`,
  limits: { nano: limits(64, 256), small: limits(128, 512), medium: limits(256, 1024), big: limits(512, 2048) },
  changeable: EVERY_SERVICE,
  lasting: {},
  growing: [],
  credentials: (login) => {
    const { deployment: name, host, hosts, port, username, password, cacrt } = login;
    // Its drivers take a list of members with their ports.
    const members = hosts.map((each) => `${each}:${port}`);
    const keys = { host, hosts: members, port, name, default_database: name, username, password };
    const uri = uriOf("mongodb", login, name);
    return cacrt === undefined ? { ...keys, uri } : { ...keys, uri: `${uri}?tls=true`, cacrt };
  },
};
