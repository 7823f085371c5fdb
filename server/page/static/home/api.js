// Questions to the server, and changes with the token of this page.

let token = null;

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The server answered ${response.status}.`);
  return body;
}

export const get = async (address) => answerOf(await fetch(address));

export async function setup() {
  const found = await get("setup.json");
  token = found.token;
  return found;
}

/** A change; where the server began anew in the meantime, its new token is fetched first. */
export async function post(address, body, again = true) {
  if (token === null) await setup();
  const response = await fetch(address, {
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
