// The rooms of the page: home, plan, history, set-up. Without a home there is the plan alone.
import { $, el } from "../data/words.js";
import { TEXTS } from "./texts.js";

const ROOMS = ["home", "plan", "history", "setup"];
const entered = new EventTarget();

export const onEnter = (room, action) => entered.addEventListener(room, action);

export function openRooms() {
  if (!$("rooms").hidden) return;
  $("rooms").hidden = false;
  $("rooms").replaceChildren(...ROOMS.map((room) => el("a", { href: `#${room}`, text: TEXTS.rooms[room] })));
  window.addEventListener("hashchange", show);
  show();
}

const present = () => {
  const room = location.hash.slice(1);
  return ROOMS.includes(room) ? room : "home";
};

export function go(room) {
  if (present() === room && location.hash) show();
  else location.hash = room;
}

function show() {
  const room = present();
  for (const name of ROOMS) $(`room-${name}`).hidden = name !== room;
  for (const link of $("rooms").children) {
    if (link.hash === `#${room}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  entered.dispatchEvent(new Event(room));
}
