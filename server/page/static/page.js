// What the optimiser does, in words; everything is shown as text.
const EVERY = 20_000; // ms

function entries(status) {
  const plan = status.last_plan;
  return [
    ["Version", status.version],
    ["Solvers", status.solvers.join(", ")],
    ["Kernels", status.kernels],
    ["Up for", `${Math.round(status.uptime_s / 60)} min`],
    ["Peak memory", `${status.peak_memory_mb} MB`],
    ...(plan ? Object.entries(plan) : []),
  ];
}

function show(status) {
  document.getElementById("state").textContent = status.last_plan
    ? "Planning. The last plan:"
    : "Ready. PowerSync has not asked for a plan yet.";
  const facts = entries(status).flatMap(([name, value]) => {
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = name;
    detail.textContent = String(value);
    return [term, detail];
  });
  document.getElementById("facts").replaceChildren(...facts);
}

async function refresh() {
  if (document.hidden) return;
  try {
    show(await (await fetch("status.json")).json());
  } catch {
    document.getElementById("state").textContent = "The optimiser does not answer.";
  }
}

refresh();
setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
