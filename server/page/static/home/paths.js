// Fields of the settings by path, as batteries[0].soc.

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
