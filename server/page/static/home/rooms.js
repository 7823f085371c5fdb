// The rooms of the page: home, plan, history, set-up. Without a home there is the plan alone.
import { $, el } from "../data/words.js";
import { TEXTS } from "./texts.js";

const ROOMS = ["home", "plan", "history", "setup"];
const entered = new EventTarget();
let present = null;

export const onEnter = (room, action) => entered.addEventListener(room, action);
export const isPresent = (room) => present === room;

export function openRooms() {
  if (present !== null) return;
  $("rooms").hidden = false;
  $("rooms").replaceChildren(...ROOMS.map((room) => el("a", { href: `#${room}`, text: TEXTS.rooms[room] })));
  window.addEventListener("hashchange", show);
  show();
}

export function go(room) {
  if (location.hash === `#${room}`) show();
  else location.hash = room;
}

/** Show the room of the address; another address, as that of the skip link, changes nothing. */
function show() {
  const named = location.hash.slice(1);
  const room = ROOMS.includes(named) ? named : present ?? ROOMS[0];
  const isNew = room !== present;
  present = room;
  for (const name of ROOMS) $(`room-${name}`).hidden = name !== room;
  for (const link of $("rooms").children) {
    if (link.hash === `#${room}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (isNew) window.scrollTo(0, 0);
  if (isNew || room === named) entered.dispatchEvent(new Event(room));
}
