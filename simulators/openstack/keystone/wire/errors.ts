import { Refusal } from "../../refusal.ts";

/** The sentence that Keystone appends when it could not understand a request. */
export const MALFORMED =
  "The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";

/** 400: a required part of the request is missing. */
export const missingAttribute = (attribute: string, target: string): Refusal =>
  new Refusal(400, "", `Expecting to find ${attribute} in ${target}. ${MALFORMED}`);

/** 404. */
export const notFound = (what: string, id: string): Refusal => new Refusal(404, "", `Could not find ${what}: ${id}.`);

/** 400. */
export const badRequest = (message: string): Refusal => new Refusal(400, "", message);

/** 409: `type` is Keystone's word for what could not be stored. */
export const conflict = (type: string, details: string): Refusal =>
  new Refusal(409, "", `Conflict occurred attempting to store ${type} - ${details}.`);

/** 409: a name that is unique within a domain is taken. */
export const duplicateInDomain = (type: string, name: string, domainId: string): Refusal =>
  conflict(type, `Duplicate entry found with name ${name} at domain ID ${domainId}`);

/** 401. */
export const authenticationRequired = (message = "The request you have made requires authentication."): Refusal =>
  new Refusal(401, "", message);

/** 403: the policy `action` (`identity:list_users`) forbids it to the caller. */
export const forbiddenAction = (action: string): Refusal =>
  new Refusal(403, "", `You are not authorized to perform the requested action: ${action}.`);

/** 501: Keystone has it, this simulator does not. */
export const notSimulated = (what: string): Refusal => new Refusal(501, "", `${what} is not simulated.`);
