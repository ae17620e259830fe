/** How Python writes values: what the services' messages quote, and the JSON that Swift sends. */
export { dumps } from "./json.ts";
export { pformat } from "./pformat.ts";
export { repr, str } from "./repr.ts";
