"""How fast the report opens and answers, in headless Chromium at several processor speeds.

python -m benchmarks.page results/report.html
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

RUNS = 9
# a slow laptop is taken to be four times slower than this machine
SLOWDOWNS = (1, 4, 6)
OUTPUT = Path(__file__).parent / "results" / "page.md"

TIMES = """() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const long = window.longTasks.map(t => t.startTime + t.duration);
  return {
    paint: paint ? paint.startTime : NaN, answers: window.answersAt, ready: window.readyAt,
    quiet: Math.max(0, ...long),
  };
}"""
WATCH = """
window.longTasks = [];
new PerformanceObserver(l => window.longTasks.push(...l.getEntries()))
  .observe({type: 'longtask', buffered: true});
new MutationObserver(() => {
  const {answers, ready} = document.documentElement?.dataset ?? {};
  if (answers) window.answersAt ??= performance.now();
  if (ready) window.readyAt ??= performance.now();
}).observe(document, {
  attributes: true, subtree: true, attributeFilter: ['data-answers', 'data-ready']
});
"""
ANSWER = """([id, step]) => new Promise(resolve => {
  const input = document.getElementById(id);
  const start = performance.now();
  input.value = Number(input.value) + step;
  input.dispatchEvent(new Event('input', {bubbles: true}));
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
})"""


def measure(path: Path) -> list[dict[str, float]]:
    """Median times in milliseconds, a row for each slowdown."""
    rows = []
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for slowdown in SLOWDOWNS:
            found = []
            for _ in range(RUNS):
                context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
                page = context.new_page()
                context.new_cdp_session(page).send(
                    "Emulation.setCPUThrottlingRate", {"rate": slowdown}
                )
                page.add_init_script(WATCH)
                page.goto(path.resolve().as_uri())
                page.wait_for_selector("html[data-ready=yes]")
                page.wait_for_timeout(1500)
                times = page.evaluate(TIMES)
                if page.locator("#slide").count():
                    times["slide"] = page.evaluate(ANSWER, ["slide", 5])
                    times["ask"] = page.evaluate(ANSWER, ["rows", 7])
                found.append(times)
                context.close()
            rows.append(
                {"slowdown": slowdown}
                | {key: statistics.median(t[key] for t in found) for key in found[0]}
            )
        browser.close()
    return rows


def main() -> None:
    """Measure one page, print the table and keep it."""
    path = Path(sys.argv[1])
    names = {
        "slowdown": "processor slowed by",
        "paint": "first paint (ms)",
        "answers": "explorer answers (ms)",
        "ready": "all controls answer (ms)",
        "quiet": "last long task ends (ms)",
        "slide": "columns that matter moved, shown (ms)",
        "ask": "another number of rows, shown (ms)",
    }
    rows = measure(path)
    keys = [key for key in names if key in rows[0]]
    lines = [
        f"Medians of {RUNS} runs on the page of the default study, "
        f"{path.stat().st_size / 1e6:.1f} MB, headless Chromium, opened from disk.",
        "",
        "| " + " | ".join(names[key] for key in keys) + " |",
        "|" + "---|" * len(keys),
        *("| " + " | ".join(f"{row[key]:.0f}" for key in keys) + " |" for row in rows),
    ]
    OUTPUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
