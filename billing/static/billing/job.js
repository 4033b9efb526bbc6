// Follows the job that the page's banner is about, and shows its outcome.

const EVERY_MS = 1000;
const banner = document.getElementById("job");
const UNDER_WAY = ["PENDING", "PROGRESS"];

/** Ask until the job has ended; an answer that does not come is asked for again. */
async function follow() {
  const run = await fetch(banner.dataset.url).then((answer) => (answer.ok ? answer.json() : null), () => null);
  if (run?.ready) {
    location.reload();
    return;
  }
  const bar = banner.querySelector("progress");
  if (run?.percent && bar) bar.value = run.percent;
  setTimeout(follow, EVERY_MS);
}

if (UNDER_WAY.includes(banner.dataset.state)) follow();
