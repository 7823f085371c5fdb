// Power in layers: where it comes from above the line, where it goes below; both add up alike.

/** Names, colours and watts of the layers, from the line outwards. */
export function layersOf(plan) {
  const used = plan.solar.map((watts, t) => Math.max(0, watts - plan.curtailed[t]));
  const { devices } = plan;
  const from = [
    { name: "Solar", colour: "solar", watts: used },
    ...devices.map(({ name, colour, discharge }) => ({ name, colour, watts: discharge })),
    { name: "Grid", colour: "grid", watts: plan.gridImport },
  ];
  const to = [
    { name: "Home", colour: "house", watts: plan.load },
    ...devices.map(({ name, colour, charge }) => ({ name, colour, watts: charge })),
    { name: "Grid", colour: "grid", watts: plan.gridExport },
  ];
  const moves = ({ watts }) => watts.some((value) => value > 0);
  return { from: from.filter(moves), to: to.filter(moves) };
}

/** Sums of the layers in kW, outermost first: painted in this order, each hides what it should. */
export function stacked(layers, sign) {
  const sums = [];
  for (const { colour, name, watts } of layers) {
    const below = sums.at(-1)?.values;
    const values = watts.map((value, t) => (below ? below[t] : 0) + (sign * value) / 1000);
    sums.push({ colour, name, values });
  }
  return sums.reverse();
}

const TWILIGHT = 1800; // s; a gleam shorter than this is still night

/** Nights as pairs of instants: without sun where there are panels, by the clock elsewhere. */
export function nightsOf(plan) {
  const peak = plan.solar.reduce((most, watts) => Math.max(most, watts), 0);
  const hour = (t) => plan.clock.local(plan.instants[t]).getUTCHours();
  const dark = peak > 0
    ? plan.solar.map((watts, t) => watts < 0.005 * peak && (hour(t) >= 15 || hour(t) < 10))
    : plan.solar.map((_, t) => hour(t) >= 20 || hour(t) < 6);
  const nights = [];
  dark.forEach((is, t) => {
    if (!is) return;
    const [begin, end] = [plan.instants[t], plan.instants[t + 1]];
    const last = nights.at(-1);
    if (last && begin - last[1] <= TWILIGHT) last[1] = end;
    else nights.push([begin, end]);
  });
  return nights;
}
