  // what the parts of the script share
  const $ = (id) => document.getElementById(id);
  const page = JSON.parse($("page-data")?.textContent ?? "{}");
  const NAMES = { l1: "L1 (lasso)", l2: "L2 (ridge)" };
  const significant = (v, digits = 2) => String(Number(v.toPrecision(digits)));
  // a zero has no sign
  const fixed = (v, digits) => {
    const text = Math.abs(v).toFixed(digits);
    return (Number(text) === 0 ? "" : v < 0 ? "−" : "+") + text;
  };
  const percent = (v) => `${Math.round(100 * v)} %`;

  // what every part begins with, once all of the page is there
  const starts = [];
  document.addEventListener("DOMContentLoaded", () => {
    for (const start of starts) start();
    document.documentElement.dataset.ready = "yes";
  });

