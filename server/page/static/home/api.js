// Questions to the server, and changes with the token of this page.
import { TEXTS } from "./texts.js";

let token = null;

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `${TEXTS.api.answered} ${response.status}.`);
  return body;
}

/** The answer of the server; an error in plain words where it gives none. */
async function ask(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    console.debug(error);
    throw new Error(TEXTS.api.silent);
  }
}

export const get = async (address) => answerOf(await ask(address));

export async function setup() {
  const found = await get("setup.json");
  token = found.token;
  return found;
}

/** A change; where the server began anew in the meantime, its new token is fetched first. */
export async function post(address, body, again = true) {
  if (token === null) await setup();
  const response = await ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Page-Token": token },
    body: JSON.stringify(body),
  });
  if (response.status === 403 && again) {
    await setup();
    return post(address, body, false);
  }
  return answerOf(response);
}
