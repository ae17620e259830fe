import { EVERY_SERVICE, uriOf } from "../parameters.ts";
import type { Recipe } from "../service.ts";

const CONSUMER_MS_MIN = 1_800_000;
const CONSUMER_MS_MAX = 86_400_000;
const MANAGEMENT_PORT = 15672;

/**
 * RabbitMQ, as a9s Messaging offers it. A skeleton: it can be ordered from a director that has a release `a9s-rabbitmq` with the agent of this
 * platform; no fake cloud has one.
 */
export const RABBITMQ: Recipe = {
  kind: "rabbitmq",
  product: "RabbitMQ",
  digit: "4",
  versions: [{ name: "a9s-rabbitmq4", version: "4" }],
  topology: "cluster",
  tags: ["messaging", "amqp"],
  role: "mq",
  port: 5672,
  aliasOf: (deployment) => `${deployment}-mq`,
  limits: {
    nano: { disk_mb: 512 },
    small: { disk_mb: 1024 },
    medium: { disk_mb: 2048 },
    big: { disk_mb: 4096 },
  },
  changeable: {
    ...EVERY_SERVICE,
    consumerTimeout: {
      type: "integer",
      minimum: CONSUMER_MS_MIN,
      maximum: CONSUMER_MS_MAX,
      description: "Longest time until a delivery is acknowledged, in milliseconds.",
    },
  },
  lasting: {},
  growing: [],
  credentials: (login) => {
    const { deployment: vhost, host, hosts, port, username, password, cacrt } = login;
    const isTls = cacrt !== undefined;
    const uri = uriOf(isTls ? "amqps" : "amqp", login, vhost);
    const management = uriOf(isTls ? "https" : "http", { ...login, port: MANAGEMENT_PORT }, "api");
    const protocols = { [isTls ? "amqp_ssl" : "amqp"]: { uri }, management: { uri: management } };
    const keys = { host, hosts, port, username, password, uri, http_api_uri: management, protocols };
    return { ...keys, ...(isTls && { cacrt }) };
  },
};
