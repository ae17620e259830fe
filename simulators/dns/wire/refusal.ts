/** Something that Consul refuses; the message is Consul's own. Stores and readers throw their own kinds of it. */
export class Refusal extends Error {}
