import { MARIADB } from "./mariadb/index.ts";
import { MONGODB } from "./mongodb/index.ts";
import { POSTGRESQL } from "./postgresql/index.ts";
import { RABBITMQ } from "./rabbitmq/index.ts";
import { REDIS } from "./redis/index.ts";
import { type Service, serviceFrom } from "./service.ts";

/** Every data service that a control plane can offer. A new one takes a folder with a recipe, and a line here. */
const SERVICES = {
  postgresql: serviceFrom(POSTGRESQL),
  redis: serviceFrom(REDIS),
  mongodb: serviceFrom(MONGODB),
  rabbitmq: serviceFrom(RABBITMQ),
  mariadb: serviceFrom(MARIADB),
} as const satisfies Readonly<Record<string, Service>>;

/** The data services a control plane can offer. */
export type ServiceName = keyof typeof SERVICES;

/** The names of all of them. */
export const SERVICE_NAMES: readonly ServiceName[] = ["postgresql", "redis", "mongodb", "rabbitmq", "mariadb"];

/** The service of a kind. The same object each time. */
export const serviceOf = (kind: ServiceName): Service => SERVICES[kind];
