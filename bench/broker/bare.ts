/** A process with one bare Fastify route that writes one row: the least that a broker could do. Prints a line once it listens. */
import fastify from "fastify";
import pg from "pg";

const [, , url, port] = process.argv;
const pool = new pg.Pool({ connectionString: url });
await pool.query("create table if not exists bare (id text primary key, body text not null)");
const app = fastify({ logger: false });
app.put<{ Params: { id: string } }>("/rows/:id", async ({ params, body }, reply) => {
  await pool.query("insert into bare values ($1, $2) on conflict do nothing", [params.id, JSON.stringify(body)]);
  return reply.code(202).send({});
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
console.log("listening");
