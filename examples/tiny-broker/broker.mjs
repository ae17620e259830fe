// A synchronous service broker in one file, for OSB 2.17. Run: BROKER_PASSWORD=secret node broker.mjs 8080
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SERVICE = { id: "0b1f7f4e-6f0e-4c3e-9a55-3d0a5b1c2d01", plan: "0b1f7f4e-6f0e-4c3e-9a55-3d0a5b1c2d02" };
const plan = { id: SERVICE.plan, name: "small", description: "A hundred notes", free: true };
const service = { id: SERVICE.id, name: "notes", description: "Keeps notes in memory", bindable: true, plans: [plan] };
const instances = new Map();

const sha = (text) => createHash("sha256").update(text).digest();
const wanted = sha(`Basic ${btoa(`admin:${process.env.BROKER_PASSWORD ?? "secret"}`)}`);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const refusal = (status, description) => [status, { description }];
const known = (body) => body?.service_id === SERVICE.id && body?.plan_id === SERVICE.plan;
const UNKNOWN = refusal(400, "service_id and plan_id must name what the catalog offers");
const NOT_FOUND = refusal(404, "There is no such resource");

/** Creates a thing once: the same request again answers 200, another one for the same id 409. */
function put(things, id, request, make) {
  const existing = things.get(id);
  if (existing) return same(existing.request, request) ? [200, existing.answer] : refusal(409, "The id is taken");
  things.set(id, { request, answer: make(), bindings: new Map() });
  return [201, things.get(id).answer];
}

function route(method, path, query, body) {
  const [, v2, root, id, sub, bindingId, ...rest] = path.split("/").map(decodeURIComponent);
  if (method === "GET" && path === "/v2/catalog") return [200, { services: [service] }];
  const isBinding = sub === "service_bindings" && Boolean(bindingId);
  if (v2 !== "v2" || root !== "service_instances" || !id || rest.length > 0 || (sub && !isBinding)) return NOT_FOUND;
  const instance = instances.get(id);
  if (method === "DELETE") {
    if (!known(query)) return UNKNOWN;
    return (isBinding ? instance?.bindings.delete(bindingId) : instances.delete(id)) ? [200, {}] : [410, {}];
  }
  if (method === "PATCH" && !isBinding) return refusal(body?.service_id ? 422 : 400, "Instances cannot be updated");
  if (method !== "PUT") return NOT_FOUND;
  if (!known(body)) return UNKNOWN;
  const { organization_guid: organization, space_guid: space, parameters = {}, bind_resource = {} } = body;
  if (parameters?.constructor !== Object) return refusal(400, "parameters must be an object");
  if (isBinding) {
    if (!instance) return refusal(400, "There is no such service instance");
    const credentials = { uri: `notes://${id}:${randomBytes(16).toString("hex")}@127.0.0.1:7070/${id}` };
    const answer = { credentials, endpoints: [{ host: "127.0.0.1", ports: ["7070"] }] };
    return put(instance.bindings, bindingId, { parameters, bind_resource }, () => answer);
  }
  for (const each of [organization, space])
    if (!each || typeof each !== "string") return refusal(400, "Both guids are required");
  return put(instances, id, { organization, space, parameters }, () => ({}));
}

async function answer(request) {
  const { authorization = "", "x-broker-api-version": version = "" } = request.headers;
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (!timingSafeEqual(sha(authorization), wanted)) return refusal(401, "Credentials are missing or wrong");
  if (!/^2\.\d+$/.test(version)) return refusal(412, "Send X-Broker-API-Version: 2.17");
  const { pathname, searchParams } = new URL(request.url, "http://broker");
  return route(request.method, pathname, Object.fromEntries(searchParams), text ? JSON.parse(text) : undefined);
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch(() => refusal(400, "The request cannot be read"));
  const identity = request.headers["x-broker-api-request-identity"];
  const echo = identity ? { "X-Broker-API-Request-Identity": identity } : {};
  response.writeHead(status, { "Content-Type": "application/json", ...echo }).end(JSON.stringify(body));
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
