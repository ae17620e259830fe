/**
 * The engines with recognised credentials. There are clients for PostgreSQL, Redis and MongoDB; the others
 * need a program (`data.exec`).
 */
export const ENGINES = ["postgresql", "redis", "mongodb", "mysql", "rabbitmq", "search"] as const;

/** An engine. */
export type DataClient = (typeof ENGINES)[number];

/** The engines for which there is a client of our own. */
export const SPOKEN: ReadonlySet<DataClient> = new Set<DataClient>(["postgresql", "redis", "mongodb"]);

/** The signs of an engine, its defaults, and its form in evidence. */
interface EngineSigns {
  readonly scheme: RegExp;
  readonly port: number;
  /** Names and tags of services. */
  readonly words: RegExp;
  readonly usual: { readonly username?: string; readonly database?: string };
  /** Its name, for a reader. */
  readonly title: string;
  /** The URL scheme in evidence. */
  readonly shown: string;
}

/** The signs of each engine. */
export const ENGINE_SIGNS: Readonly<Record<DataClient, EngineSigns>> = {
  postgresql: {
    scheme: /^postgres(ql)?:$/,
    port: 5432,
    words: /postgres|\bpg\b/i,
    usual: {},
    title: "PostgreSQL",
    shown: "postgres",
  },
  redis: {
    scheme: /^rediss?:$/,
    port: 6379,
    words: /redis|valkey/i,
    usual: { username: "default", database: "0" },
    title: "Redis",
    shown: "redis",
  },
  mongodb: { scheme: /^mongodb:$/, port: 27_017, words: /mongo/i, usual: {}, title: "MongoDB", shown: "mongodb" },
  mysql: {
    scheme: /^(mysql|mariadb)2?:$/,
    port: 3306,
    words: /mysql|mariadb/i,
    usual: {},
    title: "MySQL",
    shown: "mysql",
  },
  rabbitmq: {
    scheme: /^amqps?:$/,
    port: 5672,
    words: /rabbit|amqp|messaging/i,
    usual: { database: "/" },
    title: "RabbitMQ",
    shown: "amqp",
  },
  search: {
    scheme: /^(elasticsearch|opensearch)s?:$/,
    port: 9200,
    words: /elastic|opensearch|\bsearch/i,
    usual: { database: "_all" },
    title: "search",
    shown: "https",
  },
};
