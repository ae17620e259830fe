/** The reference data-services broker. Real: it speaks HTTP to a director, OpenStack, Consul and instances, and SQL to its store. */
export { type Broker, type BrokerOptions, createBroker } from "./broker.ts";
export {
  type BrokerConfig,
  CONFIG_ERRORS,
  ConfigError,
  type Login,
} from "./config.ts";
export type { OperationContext } from "./operations/context.ts";
export type { PlantedBug } from "./planted.ts";
export type { ServiceName } from "./spi/services/services.ts";
export { type Host, realHost } from "./host.ts";
export { embeddedPool, type KeptStatement, type StatementLog } from "./store/embedded.ts";
export type { StorePool } from "./store/pool.ts";
