// The way to the server: every request carries the key, and every failure is a Problem with a sentence to show.
// Paths are relative to the page, so that it works behind a prefix too.
import { S } from "./strings.js";

const STORED = "likewise-key";

/** What a server refused, or that it cannot be reached (status 0). */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.name = "Problem";
    this.status = status;
  }
}

let ask = null; // the shell's: opens the dialog, and returns a promise of whether a key was given
let asking = null;

export const onKeyNeeded = (open) => (ask = open);
export const hasKey = () => Boolean(sessionStorage.getItem(STORED));
export const setKey = (key) => (key ? sessionStorage.setItem(STORED, key) : sessionStorage.removeItem(STORED));

const askOnce = (why) => (asking ??= ask(why).finally(() => (asking = null)));

/** Ask for a key; returns whether one was given. */
export const needKey = (why) => (ask ? askOnce(why) : Promise.resolve(false));

async function problemOf(response) {
  let detail = "";
  try {
    const body = await response.json();
    detail = body.detail || body.title || "";
  } catch {
    // no problem document: a proxy answered
  }
  return new Problem(response.status, detail || S.errors.status(response.status));
}

/** fetch with the key; asks for one when the server wants it. Returns the response, or throws a Problem. */
export async function fetched(path, { method = "GET", body, headers = {}, signal } = {}) {
  for (;;) {
    const key = sessionStorage.getItem(STORED);
    let response;
    try {
      response = await fetch(path.replace(/^\//, ""), {
        method,
        body,
        signal,
        headers: key ? { ...headers, Authorization: `Bearer ${key}` } : headers,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, S.errors.unreachable);
    }
    if (response.ok) return response;
    const problem = await problemOf(response);
    const wantsKey = response.status === 401 || (response.status === 403 && key && method !== "GET");
    if (!wantsKey || !ask || !(await askOnce(problem.message))) throw problem;
  }
}

async function parsed(response) {
  return response.status === 204 ? null : response.json();
}

const send = (method) => async (path, data, { signal, headers = {} } = {}) =>
  parsed(
    await fetched(path, {
      method,
      signal,
      body: data === undefined ? undefined : JSON.stringify(data),
      headers: data === undefined ? headers : { "Content-Type": "application/json", ...headers },
    }),
  );

export const get = async (path, { signal, headers } = {}) => parsed(await fetched(path, { signal, headers }));
export const post = send("POST");
export const put = send("PUT");
export const remove = send("DELETE");

/** A path with its query parameters; those that are null, undefined or "" are left out. */
export function withQuery(path, parameters) {
  const found = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return found.length ? `${path}?${new URLSearchParams(found)}` : path;
}

/** Server-sent events as { event, data, id }, data parsed; EventSource could not send the key. */
export async function* events(path, { signal } = {}) {
  const response = await fetched(path, { signal, headers: { Accept: "text/event-stream" } });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const found = { event: "message", data: [], id: null };
      for (const line of block.split("\n")) {
        const [, name, text] = /^(\w+): ?(.*)$/.exec(line) ?? [];
        if (name === "data") found.data.push(text);
        else if (name === "event" || name === "id") found[name] = text;
      }
      if (found.data.length) yield { ...found, data: JSON.parse(found.data.join("\n")) };
    }
  }
}
