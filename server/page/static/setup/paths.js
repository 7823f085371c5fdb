// Fields of the settings by path, as batteries[0].soc; and comparing and merging settings.

const steps = (path) => path.split(/[.[\]]+/).filter(Boolean).map((step) => (/^\d+$/.test(step) ? Number(step) : step));

export function valueAt(settings, path) {
  return steps(path).reduce((value, step) => value?.[step], settings);
}

export function setAt(settings, path, value) {
  const all = steps(path);
  const last = all.pop();
  let place = settings;
  all.forEach((step, i) => {
    place[step] ??= typeof (all[i + 1] ?? last) === "number" ? [] : {};
    place = place[step];
  });
  if (value === undefined) delete place[last];
  else place[last] = value;
}

/** The path without places in lists: the name of its texts. */
export const kindOf = (path) => path.replace(/\[\d+\]/g, "");

export function isFilled(settings, path) {
  const value = valueAt(settings, path);
  return value !== undefined && value !== null && value !== "";
}

const isObject = (value) => typeof value === "object" && value !== null;

/** The value with its names in order and nothing that is null: equal values have equal texts. */
function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value ?? null;
  const names = Object.keys(value).filter((name) => (value[name] ?? null) !== null).sort();
  return Object.fromEntries(names.map((name) => [name, ordered(value[name])]));
}

export const same = (one, other) => JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));

/** Whether `value` is `choice`, perhaps with more that the server has added. */
export function holds(value, choice) {
  if (!isObject(choice)) return (value ?? null) === (choice ?? null);
  if (!isObject(value) || Array.isArray(value) !== Array.isArray(choice)) return false;
  if (Array.isArray(choice) && value.length !== choice.length) return false;
  return Object.keys(choice).every((name) => holds(value[name], choice[name]));
}

/** `ours` with the changes from `base` to `theirs`, where `ours` has none of its own. */
export function merged(ours, base, theirs) {
  if (same(ours, base)) return structuredClone(theirs);
  const all = [ours, base, theirs];
  const areLists = all.every((one) => Array.isArray(one) && one.length === ours.length);
  if (areLists) return ours.map((one, i) => merged(one, base[i], theirs[i]));
  if (!all.every((one) => isObject(one) && !Array.isArray(one))) return ours;
  const made = {};
  for (const name of Object.keys({ ...theirs, ...ours })) {
    const value = merged(ours[name], base[name], theirs[name]);
    if (value !== undefined) made[name] = value;
  }
  return made;
}
