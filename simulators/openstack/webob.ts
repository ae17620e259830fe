import { type HttpReply, type HttpRequest, json } from "../kernel/index.ts";

/*
 * Error pages of webob, the web framework below Nova, Cinder, Neutron and Glance: JSON, HTML or plain text, by what the client accepts.
 */

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Request Entity Too Large",
  415: "Unsupported Media Type",
  416: "Request Range Not Satisfiable",
  500: "Internal Server Error",
  501: "Not Implemented",
};

const stripTags = (page: string): string =>
  page
    .replaceAll("\n", " ")
    .replaceAll(/<br\s{0,8}\/?>/g, "\n")
    .replaceAll(/<[^<>]+>/g, "");

/** `page` is the body of the HTML form, from which the others are derived. */
export function errorPage(
  { headers: { accept = "" } }: HttpRequest,
  status: number,
  page: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  const title = TITLES[status] ?? "Error";
  const code = `${status} ${title}`;
  if (accept.includes("application/json")) return json(status, { message: page, code, title }, headers);
  if (accept.includes("text/html") || accept.includes("*/*")) {
    const body = `<html>\n <head>\n  <title>${code}</title>\n </head>\n <body>\n  <h1>${code}</h1>\n  ${page}\n </body>\n</html>`;
    return { status, body, headers: { "Content-Type": "text/html; charset=UTF-8", ...headers } };
  }
  const body = `${code}\n\n${stripTags(page)}`;
  return { status, body, headers: { "Content-Type": "text/plain; charset=UTF-8", ...headers } };
}

/** webob's text if it is given no detail. */
export const explanation = (text: string): string => `${text}<br /><br />\n\n\n`;

/** The page for an unknown path. */
export const NO_ROUTE = explanation("The resource could not be found.");

/** The message of a 500 by which a service reports an error of its own. */
export const ERRED = "The server has either erred or is incapable of performing the requested operation.";
