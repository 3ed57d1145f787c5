"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const page = JSON.parse($("page-data").textContent);
  const NAMES = { l1: "L1 (lasso)", l2: "L2 (ridge)" };
  const VERDICTS = { 1: "l1", 2: "l2", "=": "equivalent", "?": "undecided", "-": "unmeasured" };
  const MARKS = { equivalent: "≈", undecided: "?", unmeasured: "–" };
  const significant = (v, digits = 2) => String(Number(v.toPrecision(digits)));
  // a zero has no sign
  const fixed = (v, digits) => {
    const text = Math.abs(v).toFixed(digits);
    return (Number(text) === 0 ? "" : v < 0 ? "−" : "+") + text;
  };
  const percent = (v) => `${Math.round(100 * v)} %`;

  // ---- tables: sort, filter

  const number = (text) => Number.parseFloat(text.replace("−", "-"));
  function sortBy(table, head, column) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numeric = head.classList.contains("num");
    const keyed = [...table.tBodies[0].rows].map((row) => {
      const text = row.cells[column].textContent;
      return [numeric ? number(text) : text, row];
    });
    const order = (a, b) => {
      if (!numeric) return a.localeCompare(b);
      // what has no number comes last either way
      if (Number.isNaN(a) || Number.isNaN(b)) return (Number.isNaN(a) - Number.isNaN(b)) * (down ? -1 : 1);
      return a - b;
    };
    keyed.sort(([a], [b]) => (down ? -order(a, b) : order(a, b)));
    table.tBodies[0].append(...keyed.map(([, row]) => row));
  }

  // the rows that the filter leaves, as they stand
  function saver(table) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = "Save these rows as CSV";
    button.addEventListener("click", () => {
      const cell = (c) => {
        const text = c.textContent.trim().replace("−", "-");
        // a spreadsheet must not take a text for a formula
        const safe = /^[=+@-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
        return `"${safe.replaceAll('"', '""')}"`;
      };
      const rows = [...table.rows].filter((row) => !row.hidden);
      const lines = rows.map((row) => [...row.cells].map(cell).join(","));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
      link.download = `${table.id.replace("sheet-", "")}_shown.csv`;
      link.click();
    });
    return button;
  }

  function addFilter(table) {
    const tools = document.createElement("div");
    tools.className = "tools";
    const label = document.createElement("label");
    label.textContent = "Filter ";
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "words, all of which must occur";
    field.size = 28;
    const count = document.createElement("span");
    count.className = "soft";
    count.setAttribute("role", "status");
    const rows = [...table.tBodies[0].rows];
    const apply = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} rows`;
    };
    field.addEventListener("input", apply);
    label.append(field);
    tools.append(label, saver(table), count);
    table.closest(".scroll").before(tools);
    count.textContent = `${rows.length} rows`;
  }

  function wireTables() {
    for (const table of document.querySelectorAll("table.sheet")) wireTable(table);
  }
  function wireTable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, head, column));
    });
    if (table.tBodies[0].rows.length > 15) addFilter(table);
  }

  // ---- downloads: the files travel in the page

  async function unpacked(file) {
    const bytes = Uint8Array.from(atob(file.data), (c) => c.charCodeAt(0));
    if (!file.gzip) return new Blob([bytes]);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).blob();
  }
  function wireDownloads() {
    const files = JSON.parse($("page-files").textContent);
    for (const link of document.querySelectorAll("a[download]")) {
      if (!(link.download in files)) continue;
      link.addEventListener("click", async (event) => {
        if (link.href.startsWith("blob:")) return;
        event.preventDefault();
        link.href = URL.createObjectURL(await unpacked(files[link.download]));
        link.click();
      });
    }
  }

  // ---- charts: Vega is parsed when the first one comes near

  // drawers give a chart its data and parameters, picked answers a click
  const views = {};
  const drawers = {};
  const picked = {};
  let vega;
  function loadVega() {
    vega ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.textContent = $("vega").textContent;
      document.head.append(script);
      resolve(window.vegaEmbed);
    });
    return vega;
  }
  function theme() {
    const css = getComputedStyle(document.documentElement);
    const ink = css.getPropertyValue("--ink");
    const line = css.getPropertyValue("--line");
    const text = { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12 };
    return {
      background: null,
      font: getComputedStyle(document.body).fontFamily,
      axis: { ...text, gridColor: line, domainColor: ink, tickColor: ink, gridOpacity: 0.6 },
      text: { color: ink, fontSize: 12 },
      view: { stroke: line },
    };
  }
  async function draw(name) {
    const embed = await loadVega();
    const element = $(`chart-${name}`);
    const { data, signals = {} } = drawers[name]();
    const spec = structuredClone(page.charts[name]);
    spec.datasets = { ...spec.datasets, ...data };
    for (const param of spec.params ?? []) if (param.name in signals) param.value = signals[param.name];
    const options = { actions: false, renderer: "svg", config: theme(), tooltip: { theme: "custom" } };
    const { view } = await embed(element, spec, options);
    element.querySelector("svg")?.setAttribute("aria-hidden", "true");
    views[name]?.finalize();
    views[name] = view;
    picked[name]?.(view);
    element.dataset.drawn = "yes";
  }
  function refresh(...names) {
    for (const name of names) {
      const view = views[name];
      if (!view) continue;
      const { data, signals = {} } = drawers[name]();
      for (const [key, rows] of Object.entries(data)) view.data(key, rows);
      for (const [key, v] of Object.entries(signals)) view.signal(key, v);
      view.runAsync();
    }
  }
  const coming = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        coming.unobserve(entry.target);
        draw(entry.target.id.replace("chart-", ""));
      }
    },
    { rootMargin: "600px" },
  );
  const startCharts = () => document.querySelectorAll(".chart").forEach((c) => coming.observe(c));
  window.addEventListener("beforeprint", () => {
    for (const c of document.querySelectorAll(".chart:not([data-drawn])")) draw(c.id.replace("chart-", ""));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const name of Object.keys(views)) draw(name);
  });

  // ---- the explorer

  if (page.explorer) explore(page.explorer);

  function explore(data) {
    const keys = Object.keys(data.axes);
    const boxes = Object.keys(data.boxes);
    const goals = Object.fromEntries(data.goals.map((goal) => [goal.key, goal]));
    // all properties vary by factors
    const ends = (key) => [data.axes[key][0], data.axes[key].at(-1)].map(Math.log);
    const reach = keys.map((key) => ends(key)[1] - ends(key)[0] || 1);
    const state = { goal: data.goals[0].key, at: null, along: "nonzero_share" };

    // where effects cancel neither penalty gains by it
    const together = (alignment) => Math.max(alignment, 1);

    // the boxes hold the question; an empty one is no number
    const box = (id) => ($(id).value.trim() === "" ? Number.NaN : Number($(id).value));
    const put = (id, v) => ($(id).value = String(Number(v.toPrecision(3)) === v ? v : Number(v.toPrecision(6))));
    function read() {
      const found = Object.fromEntries(boxes.map((id) => [id, box(id)]));
      const missing = boxes.filter((id) => Number.isNaN(found[id])).map((id) => data.boxes[id]);
      if (missing.length) return { missing };
      const { rows, columns, relevant, snr, signal_alignment: alignment } = found;
      const wrong = [];
      for (const id of ["rows", "columns", "relevant"]) if (!(found[id] >= 1)) wrong.push(`${data.boxes[id]} must be 1 or more`);
      if (relevant > columns) wrong.push("more columns that matter than columns");
      for (const id of ["snr", "signal_alignment"]) if (!(found[id] > 0)) wrong.push(`${data.boxes[id]} must be above 0`);
      if (wrong.length) return { wrong };
      return { rows, columns, relevant, point: [columns / rows, relevant / columns, snr, alignment] };
    }

    // what does not change with a slider is not computed anew: the last answer of a function
    function remembering(compute) {
      let key, value;
      return (...question) => {
        const now = JSON.stringify(question);
        if (now !== key) [key, value] = [now, compute(...question)];
        return value;
      };
    }

    // the surface: a Gaussian process, with the kernel that was fitted to the scenarios
    const fitted = {};
    function matern(surface, a, b) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += ((a[i] - b[i]) / surface.lengths[i]) ** 2;
      const d = Math.sqrt(5 * sum);
      return surface.constant * (1 + d + (d * d) / 3) * Math.exp(-d);
    }
    function solveLower(L, n, v) {
      for (let i = 0; i < n; i++) {
        let sum = v[i];
        for (let k = 0; k < i; k++) sum -= L[i * n + k] * v[k];
        v[i] = sum / L[i * n + i];
      }
      return v;
    }
    function fit(goal) {
      if (fitted[goal]) return fitted[goal];
      const surface = data.surfaces[goal];
      const n = surface.x.length;
      const L = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++) {
          let sum = matern(surface, surface.x[i], surface.x[j]) + (i === j ? surface.noise + surface.error[i] : 0);
          for (let k = 0; k < j; k++) sum -= L[i * n + k] * L[j * n + k];
          L[i * n + j] = i === j ? Math.sqrt(sum) : sum / L[j * n + j];
        }
      const half = solveLower(L, n, Float64Array.from(surface.y));
      return (fitted[goal] = { surface, n, L, half });
    }
    const Z = 1.6448536269514722;
    function cell(point, goal = state.goal) {
      const { surface, n, L, half } = fit(goal);
      const outside = beyond(point, surface);
      if (outside.length) return { effect: 0, low: 0, high: 0, verdict: "unmeasured", outside };
      const [aspect, share, snr, alignment] = point;
      const x = [aspect, share * aspect, snr, together(alignment)].map(Math.log).concat(surface.binary);
      const v = solveLower(L, n, Float64Array.from(surface.x, (own) => matern(surface, x, own)));
      let mean = 0;
      let left = surface.constant + surface.noise;
      for (let i = 0; i < n; i++) {
        mean += v[i] * half[i];
        left -= v[i] * v[i];
      }
      mean = surface.centre + surface.scale * mean;
      const sd = surface.scale * Math.sqrt(Math.max(left, 0));
      const bent = (m) => surface.bend * Math.sinh(m);
      const effect = bent(mean);
      const [low, high] = [bent(mean - Z * sd), bent(mean + Z * sd)];
      let verdict = low > -surface.zone && high < surface.zone ? "equivalent" : "undecided";
      if (1 - tail(Math.abs(mean) / sd) >= data.level && Math.abs(effect) > surface.zone) verdict = effect < 0 ? "l1" : "l2";
      return { effect, low, high, verdict, outside };
    }
    const range = ([low, high]) => (low === high ? significant(low, 3) : `${significant(low, 3)} to ${significant(high, 3)}`);
    function beyond(point, surface) {
      const out = [];
      keys.forEach((key, axis) => {
        const [low, high] = surface.ranges[key];
        const slack = 1e-6 * Math.max(1, high);
        if (point[axis] < low - slack || point[axis] > high + slack)
          out.push(`${data.names[key]} ${significant(point[axis], 3)} (measured: ${range([low, high])})`);
      });
      return out;
    }
    function unusual(question, surface) {
      return Object.entries(surface.sizes)
        .filter(([id, [low, high]]) => question[id] < low || question[id] > high)
        .map(([id, span]) => `${question[id].toLocaleString("en")} ${data.boxes[id]} (measured: ${range(span)})`);
    }

    // upper tail of the normal distribution, relative error below 1.2e-7
    function tail(z) {
      const x = Math.abs(z) / Math.SQRT2;
      const t = 1 / (1 + x / 2);
      const c = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
      const value = (t * Math.exp(-x * x + c.reduceRight((sum, v) => sum * t + v, 0))) / 2;
      return z >= 0 ? value : 1 - value;
    }
    // exact theory for independent features of equal effect: least risks of both penalties for many
    // rows, in units of the noise; normwise.theory has the same in Python
    function theoryRisks([aspect, share, snr]) {
      const phi = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
      const m = snr / aspect;
      const b = m - 1 - snr;
      const ridge = (Math.sqrt(b * b + 4 * m) - b) / 2 - 1;
      const counts = [aspect * (1 - share), aspect * share];
      const size = Math.sqrt(snr / (aspect * share));
      const risk = (mu, t) =>
        1 + t * t + (mu * mu - t * t - 1) * (tail(mu - t) - tail(mu + t)) - (t - mu) * phi(t + mu) - (t + mu) * phi(t - mu);
      const slope = (mu, t) => t * (tail(t - mu) + tail(t + mu)) - phi(t - mu) - phi(t + mu);
      const least = (tau2) => {
        const mu = size / Math.sqrt(tau2);
        const turn = (t) => counts[0] * slope(0, t) + counts[1] * slope(mu, t);
        let [low, high] = [0, 1];
        while (turn(high) < 0 && high < 30) high *= 2;
        if (turn(high) < 0) return 1 + snr;
        for (let i = 0; i < 60; i++) {
          const t = (low + high) / 2;
          if (turn(t) < 0) low = t;
          else high = t;
        }
        return 1 + tau2 * (counts[0] * risk(0, low) + counts[1] * risk(mu, low));
      };
      // the least noise that feeds itself
      let [low, high] = [1, 1 + snr];
      for (let i = 0; i < 60; i++) {
        const tau2 = (low + high) / 2;
        if (least(tau2) > tau2) low = tau2;
        else high = tau2;
      }
      return [low - 1, ridge];
    }
    // risks are known where nothing is correlated
    function theory(point) {
      if (state.goal !== "prediction" || point[3] !== 1) return null;
      const [lasso, ridge] = theoryRisks(point);
      return { effect: Math.log(lasso / ridge), points: (100 * (ridge - lasso)) / (1 + point[2]) };
    }
    // the side of the boundary at a times as many relevant features
    function boundarySide({ rows, columns, point: [, share, snr, alignment] }) {
      const counted = share * together(alignment);
      if (counted >= 1) return "L2";
      const [lasso, ridge] = theoryRisks([columns / Math.max(rows - 1, 1), counted, snr]);
      return lasso < ridge ? "L1" : "L2";
    }
    const load = (q) => (together(q.point[3]) * q.relevant) / (q.rows * Math.sqrt(q.point[2]));

    const amount = (effect, goal) => `${Math.abs(goal.times * effect).toFixed(goal.digits)}${goal.unit}`;
    const signed = (effect, goal) => fixed(goal.times * effect, goal.digits);
    function size(effect, goal, cut = false) {
      if (goal.kind !== "log_ratio") return signed(effect, goal);
      const saved = percent(1 - Math.exp(-Math.abs(effect)));
      return cut ? `−${saved}` : saved;
    }
    function interval(low, high, goal) {
      return goal.kind === "log_ratio"
        ? `${significant(Math.exp(low), 2)} to ${significant(Math.exp(high), 2)}`
        : `${signed(low, goal)} to ${signed(high, goal)}`;
    }
    const middle = (effect, goal) =>
      goal.kind === "log_ratio" ? significant(Math.exp(effect), 2) : `${signed(effect, goal)}${goal.unit}`;
    const compared = (goal) =>
      goal.kind === "log_ratio" ? `${goal.measure} of L1 / L2` : `L1 − L2 in the loss, ${goal.measure}`;

    function headline(found) {
      if (found.verdict === "unmeasured") return "Outside of what was measured: no answer";
      if (found.unusual?.length) return `Outside of what was measured. If only ratios count: ${named(found)}`;
      return named(found);
    }
    function named(found) {
      if (found.verdict === "equivalent") return "Equivalent: use either";
      if (found.verdict === "undecided") return "No clear winner: compare both on your data";
      return `Use ${NAMES[found.verdict]}`;
    }
    function sentence(found, goal) {
      if (found.verdict === "unmeasured") return `Not among the scenarios of the study: ${found.outside.join("; ")}. Fit both and keep the lower cross-validated error.`;
      const better = found.effect < 0 ? "L1" : "L2";
      const other = found.effect < 0 ? "L2" : "L1";
      const gain =
        goal.kind === "log_ratio"
          ? `${better} is expected to have ${size(found.effect, goal)} less ${goal.measure} than ${other}`
          : Number.parseFloat(amount(found.effect, goal)) === 0
            ? `L1 and L2 are expected to be alike in ${goal.measure}`
            : `${better} is expected to be better than ${other} by ${amount(found.effect, goal)} in ${goal.measure}`;
      const label = goal.kind === "log_ratio" ? compared(goal) : "L1 − L2 in that loss";
      return `${gain}. ${label[0].toUpperCase()}${label.slice(1)} = ${middle(found.effect, goal)}, ${percent(data.level)} prediction interval ${interval(found.low, found.high, goal)}.${nearby()}${beside(found)}`;
    }
    // what the ratio of risks amounts to, where it was measured
    function nearby() {
      if (state.goal !== "prediction") return "";
      const points = nearest(state.at, 5, undefined, (s) => s.of_numbers)
        .map(([, s]) => s.points)
        .filter((v) => v !== null);
      if (!points.length) return "";
      const ends = [Math.min(...points), Math.max(...points)].map((v) => tenth(v));
      return ` In points of R² on new rows, L1 − L2 was ${ends[0]} to ${ends[1]} in the ${points.length} nearest measured scenarios with a number to predict.`;
    }
    const beside = (found) =>
      found.unusual?.length ? ` Not among the scenarios of the study: ${found.unusual.join("; ")}; the surface knows ratios alone.` : "";
    const tenth = (v) => fixed(v, 1);
    function side(effect, margin) {
      if (Math.abs(effect) <= margin) return "no clear winner";
      return effect < 0 ? "L1" : "L2";
    }
    // null stands for never
    const atLeast = (v, bound) => bound !== null && v >= bound;
    function ruleSays(question) {
      const { cut, enough } = page.rule;
      if (atLeast(question.rows / question.columns, enough)) return "either: equivalent at so many rows per feature";
      return cut === null || load(question) < cut ? "L1" : "L2";
    }
    function others(question) {
      const at = question.point;
      const out = [];
      if (state.goal === "prediction") {
        const { cut, matters } = page.rule;
        const limit = cut ? ` (the limit is ${significant(cut)})` : "";
        const untried = question.outside ? "; outside of what was measured it has not been tried" : "";
        out.push(`Rule of thumb: load a·k / (n √snr) = ${significant(load(question))}${limit}, so ${ruleSays(question)}${untried}.`);
        const risks = theory(at);
        out.push(
          risks === null
            ? `Exact boundary for unrelated features, asked with a·k = ${significant(together(at[3]) * question.relevant)} features that matter: ${boundarySide(question)}. Risks are not known for correlated features.`
            : `Exact theory (independent features of equal effect, best strengths, many rows): risk of L1 / L2 = ${significant(Math.exp(risks.effect))}, ${tenth(risks.points)} points of R², so ${side(risks.effect, goals.prediction.margin)}.`,
        );
        if (atLeast(question.rows / question.columns, matters))
          out.push(`From ${significant(matters)} rows per feature on it hardly matters: L1 and L2 mostly differ by less than one point of what they explain.`);
      } else out.push("Exact theory: none for this goal.");
      return out;
    }

    function distance(scenario, at, without = -1) {
      let sum = 0;
      keys.forEach((key, axis) => {
        if (axis === without) return;
        const [own, other] = [scenario.x[axis], at[axis]].map(key === "signal_alignment" ? together : Number);
        sum += (Math.log(own / other) / reach[axis]) ** 2;
      });
      return Math.sqrt(sum);
    }
    function nearest(at, count, without, counts = () => true) {
      return data.scenarios
        .filter((s) => state.goal in s.goals && counts(s))
        .map((s) => [distance(s, at, without), s])
        .sort(([a], [b]) => a - b)
        .slice(0, count);
    }

    function showNearest(at, goal) {
      const rows = nearest(at, 5).map(([, s]) => {
        const [effect, low, high, verdict] = s.goals[state.goal];
        const row = document.createElement("tr");
        const cells = [
          `${s.dataset.replaceAll("_", " ")}: ${s.label}`,
          `${s.n} × ${s.p}`,
          ...s.x.slice(1).map((v) => significant(v)),
          s.points === null ? "–" : tenth(s.points),
          `${middle(effect, goal)} [${interval(low, high, goal)}]`,
          verdict,
        ];
        cells.forEach((text, i) => {
          const td = document.createElement("td");
          td.textContent = i === cells.length - 1 && verdict in NAMES ? `${verdict.toUpperCase()} wins` : text;
          if (i === 0) td.className = "wordy";
          if (i > 0 && i < cells.length - 2) td.className = "num";
          if (i === cells.length - 1) td.className = `v-${verdict}`;
          row.append(td);
        });
        return row;
      });
      $("nearest").tBodies[0].replaceChildren(...rows);
    }

    function snippet(found) {
      const kind = data.snippets[state.goal === "calibration" ? "binary" : "gaussian"];
      if (found.verdict in NAMES) return kind[found.verdict];
      return `# no clear winner: fit both, keep the one with the lower cross-validated error\n${kind.l1}\n${kind.l2}`;
    }

    // nobody knows how many columns matter: the answer over all that they may be
    const STEPS = 48;
    const CHOICE = { l1: "L1", l2: "L2", equivalent: "hardly a difference", undecided: "no clear winner", unmeasured: "not measured" };
    const overRelevant = remembering((goal, columns, aspect, snr, alignment) => {
      const runs = [];
      let last = 0;
      for (let i = 0; i <= STEPS; i++) {
        const count = Math.round(columns ** (i / STEPS));
        if (count === last || count > columns) continue;
        last = count;
        const { verdict } = cell([aspect, count / columns, snr, alignment], goal);
        if (runs.at(-1)?.verdict === verdict) runs.at(-1).to = count;
        else runs.push({ verdict, from: count, to: count });
      }
      return runs;
    });
    const about = (count) => Number(count.toPrecision(2)).toLocaleString("en");
    function overInWords(runs, columns) {
      const of = `of the ${columns.toLocaleString("en")} columns`;
      if (runs.length === 1) return `However many ${of} matter: ${CHOICE[runs[0].verdict]}.`;
      const parts = runs.map(({ verdict, from, to }, i) => {
        const what = i ? CHOICE[verdict] : CHOICE[verdict][0].toUpperCase() + CHOICE[verdict].slice(1);
        if (i === 0) return `${what} if up to about ${about(to)} ${of} matter`;
        return i === runs.length - 1 ? `${what} from ${about(from)} on` : `${what} from ${about(from)} to ${about(to)}`;
      });
      return `${parts.join(", ")}.`;
    }
    function showOver(question) {
      const { columns, relevant, point: [aspect, , snr, alignment] } = question;
      const runs = overRelevant(state.goal, columns, aspect, snr, alignment);
      const words = overInWords(runs, columns);
      $("over").textContent = words;
      const place = (count) => (columns > 1 ? Math.log(count) / Math.log(columns) : 0);
      const parts = runs.map((run, i) => {
        const part = document.createElement("i");
        part.className = run.verdict;
        part.style.flexGrow = place(runs[i + 1]?.from ?? columns) - place(run.from) || 1 / STEPS;
        Object.assign(part.dataset, run);
        return part;
      });
      $("bar").replaceChildren(...parts);
      $("bar").setAttribute("aria-label", words);
      $("here").style.left = `${100 * Math.min(1, Math.max(0, place(relevant)))}%`;
      $("most").textContent = columns.toLocaleString("en");
      $("ranged").hidden = false;
    }

    // a link that asks the same question
    const LINKED = "#ask=";
    const link = () => LINKED + [state.goal, ...boxes.map(box)].join(",");
    function follow() {
      if (!location.hash.startsWith(LINKED)) return false;
      const [goal, ...values] = decodeURIComponent(location.hash.slice(LINKED.length)).split(",");
      if (goal in goals) state.goal = goal;
      boxes.forEach((id, i) => {
        const v = Number(values[i]);
        if (values[i] && Number.isFinite(v)) put(id, v);
      });
      for (const input of document.querySelectorAll("input[name=goal]")) input.checked = input.value === state.goal;
      return true;
    }

    function refuse(title, text) {
      state.at = null;
      $("ranged").hidden = true;
      $("over").textContent = "";
      const answer = $("answer");
      answer.className = "answer unmeasured";
      answer.dataset.verdict = "none";
      $("headline").textContent = title;
      $("sentence").textContent = text;
      for (const id of ["says", "snippet", "trust"]) $(id).replaceChildren();
      $("nearest").tBodies[0].replaceChildren();
      for (const key of keys) $(`value-${key}`).textContent = "";
      refresh("map", "profile");
    }
    function show() {
      const goal = goals[state.goal];
      const question = read();
      if (question.missing) return refuse(`No answer: ${question.missing.join(" and ")} missing`, "Every box needs a number; your best guess will do.");
      if (question.wrong) return refuse("No answer to these numbers", `${question.wrong.join("; ")}.`);
      state.at = question.point;
      const found = cell(state.at);
      found.unusual = unusual(question, data.surfaces[state.goal]);
      question.outside = found.outside.length + found.unusual.length > 0;
      keys.forEach((key, axis) => {
        const input = $(`axis-${key}`);
        const [low, high] = ends(key);
        const at = (Math.log(state.at[axis]) - low) / (high - low || 1);
        input.value = Math.round(400 * Math.min(1, Math.max(0, at)));
        const text = significant(state.at[axis], 3);
        input.setAttribute("aria-valuetext", text);
        $(`value-${key}`).textContent = text;
      });
      const answer = $("answer");
      answer.className = `answer ${found.verdict}`;
      answer.dataset.verdict = found.verdict;
      $("headline").textContent = headline(found);
      $("sentence").textContent = sentence(found, goal);
      showOver(question);
      $("link").href = link();
      $("says").replaceChildren(
        ...others(question).map((text) => Object.assign(document.createElement("li"), { textContent: text })),
      );
      const held = goal.scores.map((s, i) =>
        i
          ? `on ${s.what} ${percent(s.r2)} and ${percent(s.coverage)}`
          : `On ${s.what} this surface explains ${percent(s.r2)} of the variation of the effect, and its ${percent(data.level)} intervals hold ${percent(s.coverage)} of them`,
      );
      $("trust").textContent = held.length ? `${held.join("; ")}.` : "";
      showNearest(state.at, goal);
      $("snippet").textContent = snippet(found);
      $("chart-map").setAttribute(
        "aria-label",
        `Map at p/n ${significant(state.at[0], 3)} and alignment ${significant(state.at[3], 3)}: share of features that matter against signal-to-noise ratio. ${tally()}`,
      );
      $("chart-profile").setAttribute(
        "aria-label",
        `${compared(goal)} along ${data.names[state.along]}, with its interval, theory and measured scenarios alike in all else.`,
      );
      refresh("map", "profile");
    }
    const sliced = remembering((goal, aspect, alignment) =>
      data.axes[keys[1]].flatMap((share) =>
        data.axes[keys[2]].map((snr) => {
          const at = [aspect, share, snr, alignment];
          return [at, cell(at, goal)];
        }),
      ),
    );
    const slice = () => (state.at ? sliced(state.goal, state.at[0], state.at[3]) : []);
    function tally() {
      const counts = {};
      for (const [, found] of slice()) counts[found.verdict] = (counts[found.verdict] ?? 0) + 1;
      return Object.entries(counts)
        .map(([verdict, count]) => `${verdict in NAMES ? verdict.toUpperCase() : verdict} ${count}`)
        .join(", ") + " of its cells.";
    }

    drawers.map = () => {
      const goal = goals[state.goal];
      const end = goal.kind === "log_ratio" ? Math.log(2.5) : 4 * goal.margin;
      const cells = slice().map(([at, found]) => {
        const shade = Math.max(-1, Math.min(1, found.effect / end));
        const won = found.verdict in NAMES;
        return {
          share: at[1],
          snr: at[2],
          shade: found.verdict === "unmeasured" ? 0 : shade,
          strong: Math.abs(shade) > 0.72,
          text: won ? `${found.verdict.toUpperCase()}\n${size(found.effect, goal, true)}` : `\u200b\n${MARKS[found.verdict]}`,
          tip: `${headline(found)}: ${middle(found.effect, goal)} [${interval(found.low, found.high, goal)}]`,
        };
      });
      const here = state.at ? [{ share: closest(keys[1], state.at[1]), snr: closest(keys[2], state.at[2]) }] : [];
      return { data: { cells, here } };
    };
    picked.map = (view) =>
      view.addEventListener("click", (_, item) => {
        const { share, snr } = item?.datum ?? {};
        if (share === undefined || !state.at) return;
        put("relevant", Math.max(1, Math.round(share * box("columns"))));
        put("snr", snr);
        show();
      });

    // round steps, at most four to a side
    function evenTicks(end) {
      const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((v) => end / v <= 4) ?? 0.5;
      const most = Math.floor(end / step + 1e-9);
      return Array.from({ length: 2 * most + 1 }, (_, i) => (i - most) * step);
    }

    drawers.profile = () => {
      const goal = goals[state.goal];
      const axis = keys.indexOf(state.along);
      const stops = data.axes[state.along];
      // between the stops as well
      const steps = 6;
      const line = Array.from({ length: state.at ? steps * (stops.length - 1) + 1 : 0 }, (_, i) => {
        const stop = Math.min(Math.floor(i / steps), Math.max(0, stops.length - 2));
        const part = i / steps - stop;
        const [low, high] = [stops[stop], stops[stop + 1] ?? stops[stop]].map(Math.log);
        const at = state.at.slice();
        at[axis] = part === 0 ? stops[stop] : part === 1 ? stops[stop + 1] : Math.exp(low + part * (high - low));
        return { at: i / steps, ...cell(at), limit: theory(at)?.effect ?? null };
      });
      const position = (v) => {
        const scaled = stops.map(Math.log);
        const x = Math.min(scaled.at(-1), Math.max(scaled[0], Math.log(v)));
        const i = Math.max(0, scaled.findLastIndex((s) => s <= x + 1e-9));
        return i + 1 < scaled.length ? i + (x - scaled[i]) / (scaled[i + 1] - scaled[i]) : i;
      };
      const near = (state.at ? nearest(state.at, 400, axis) : [])
        .filter(([d]) => d < 0.12)
        .map(([, s]) => {
          const [effect, low, high, verdict] = s.goals[state.goal];
          const text = `${s.dataset.replaceAll("_", " ")}: ${s.label}, ${middle(effect, goal)} [${interval(low, high, goal)}]`;
          return { at: position(s.x[axis]), effect, low, high, verdict, tip: text };
        })
        .filter((row) => row.at >= 0);
      const all = [...line, ...near].flatMap((r) => [r.low, r.high]).concat(line.map((r) => r.limit ?? 0));
      const least = goal.kind === "log_ratio" ? 0.4 : 4 * goal.margin;
      const most = goal.kind === "log_ratio" ? 2.4 : 1;
      const end = Math.min(most, Math.max(least, ...all.map(Math.abs)));
      const ticks =
        goal.kind === "log_ratio"
          ? [0.1, 0.2, 0.33, 0.5, 0.7, 0.85, 1, 1.2, 1.4, 2, 3, 5, 10].map(Math.log).filter((v) => Math.abs(v) <= end)
          : evenTicks(end);
      return {
        data: {
          curve: line.filter((r) => r.verdict !== "unmeasured"),
          theory: line.filter((r) => r.limit !== null).map((r) => ({ at: r.at, effect: r.limit })),
          near,
          zone: [{ effect: -goal.margin, high: goal.margin }],
          here: state.at ? [{ at: position(state.at[axis]) }] : [],
        },
        signals: {
          stops: stops.map((v) => significant(v, 3)),
          property: data.names[state.along],
          ratio: goal.kind === "log_ratio",
          times: goal.times,
          unit: goal.unit ? ` in${goal.unit}` : "",
          ends: [-end, end],
          ticks,
        },
      };
    };

    const followed = follow();
    window.addEventListener("hashchange", () => {
      if (follow()) show();
    });
    for (const input of document.querySelectorAll("input[name=goal]")) {
      input.checked = input.value === state.goal;
      input.addEventListener("change", () => {
        state.goal = input.value;
        show();
      });
    }
    const closest = (key, v) => {
      const far = data.axes[key].map((stop) => Math.abs(Math.log(stop / v)));
      return data.axes[key][far.indexOf(Math.min(...far))];
    };
    for (const key of keys)
      $(`axis-${key}`).addEventListener("input", (event) => {
        const [low, high] = ends(key);
        const v = Math.exp(low + ((high - low) * Number(event.target.value)) / 400);
        const [rows, columns, relevant] = ["rows", "columns", "relevant"].map(box);
        const share = relevant / columns;
        if (key === "snr") put("snr", Number(v.toPrecision(3)));
        // two digits, so that it can be 1
        else if (key === "signal_alignment") put(key, Number(v.toPrecision(2)));
        else {
          const p = key === "aspect_ratio" ? Math.max(1, Math.round(v * rows)) : columns;
          put("columns", p);
          put("relevant", Math.min(p, Math.max(1, Math.round((key === "aspect_ratio" ? share : v) * p))));
        }
        show();
      });
    $("along").addEventListener("change", (event) => {
      state.along = event.target.value;
      show();
    });
    $("counts").addEventListener("input", show);
    // a form that was filled before a reload keeps its numbers, and the answer is for them
    window.addEventListener("pageshow", show);
    $("copy").addEventListener("click", async () => {
      const text = $("snippet").textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // a page from disk may not write to the clipboard
        getSelection().selectAllChildren($("snippet"));
      }
      $("copied").textContent = "Copied, or selected for you to copy.";
    });
    show();
    if (followed) $("explorer").scrollIntoView();
  }

  // ---- L1 and L2 from first principles

  function explain() {
    const free = [1.35, 0.5];
    const strengths = Array.from({ length: 161 }, (_, i) => 10 ** (-2 + (2.5 * i) / 160));
    const circle = Array.from({ length: 121 }, (_, i) => (2 * Math.PI * i) / 120);
    let strength = 10 ** Number($("strength").value);
    let rho = Number($("rho").value);

    const soft = (z, t) => Math.sign(z) * Math.max(Math.abs(z) - t, 0);
    // minimum of (b - free)' H (b - free) / 2 + strength * penalty, H = [[1, rho], [rho, 1]]
    function lasso(t) {
      const z = [free[0] + rho * free[1], rho * free[0] + free[1]];
      const b = [0, 0];
      for (let i = 0; i < 400; i++) {
        b[0] = soft(z[0] - rho * b[1], t);
        b[1] = soft(z[1] - rho * b[0], t);
      }
      return b.map((v) => (Math.abs(v) < 1e-9 ? 0 : v));
    }
    function ridge(t) {
      const z = [free[0] + rho * free[1], rho * free[0] + free[1]];
      const d = 1 + t;
      const det = d * d - rho * rho;
      return [(d * z[0] - rho * z[1]) / det, (d * z[1] - rho * z[0]) / det];
    }
    const solve = { l1: lasso, l2: ridge };
    const loss = (b) => {
      const e = [b[0] - free[0], b[1] - free[1]];
      return (e[0] ** 2 + e[1] ** 2) / 2 + rho * e[0] * e[1];
    };
    function ellipse(level, curve) {
      // H = L L', and b = free + sqrt(2 level) L'^-1 u for u on the circle
      const c = Math.sqrt(1 - rho * rho);
      const r = Math.sqrt(2 * level);
      return circle.map((a, order) => {
        const v = Math.sin(a) / c;
        return { b1: free[0] + r * (Math.cos(a) - rho * v), b2: free[1] + r * v, order, curve };
      });
    }
    function ball(penalty, b) {
      const radius = penalty === "l1" ? Math.abs(b[0]) + Math.abs(b[1]) : Math.hypot(...b);
      return circle.map((a, order) => {
        const u = [Math.cos(a), Math.sin(a)];
        const length = penalty === "l1" ? Math.abs(u[0]) + Math.abs(u[1]) : 1;
        return { b1: (radius * u[0]) / length, b2: (radius * u[1]) / length, order };
      });
    }
    for (const penalty of ["l1", "l2"])
      drawers[`contact_${penalty}`] = () => {
        const b = solve[penalty](strength);
        const trail = strengths.map((t, order) => {
          const [b1, b2] = solve[penalty](t);
          return { b1, b2, order };
        });
        const points = [
          { b1: b[0], b2: b[1], kind: "fit" },
          { b1: free[0], b2: free[1], kind: "free" },
        ];
        const curves = [0.3, 1, 2.2].flatMap((times, i) => ellipse(times * loss(b), i));
        return { data: { ball: ball(penalty, b), curves, trail, points } };
      };
    drawers.shrinkage = () => {
      const lines = { none: (z) => z, l1: (z) => soft(z, strength), l2: (z) => z / (1 + strength) };
      const grid = Array.from({ length: 81 }, (_, i) => -2 + i / 20);
      const kinks = [-strength, strength].filter((z) => Math.abs(z) < 2);
      const at = [...grid, ...kinks].sort((a, b) => a - b);
      const rules = Object.entries(lines).flatMap(([penalty, rule]) => at.map((z) => ({ z, b: rule(z), penalty })));
      const points = ["l1", "l2"].flatMap((penalty) => free.map((z) => ({ z, b: lines[penalty](z), penalty })));
      return { data: { rules, points } };
    };
    drawers.path = () => {
      const path = ["l1", "l2"].flatMap((penalty) =>
        strengths.flatMap((t) => solve[penalty](t).map((b, i) => ({ strength: t, b, penalty, term: `b${i + 1}` }))),
      );
      const points = ["l1", "l2"].flatMap((penalty) =>
        solve[penalty](strength).map((b, i) => ({ strength, b, penalty, label: `${penalty.toUpperCase()} b${"₁₂"[i]}` })),
      );
      // names beside the points, pushed apart where these are close
      const ends = points.toSorted((a, b) => a.b - b.b).map((point) => ({ ...point }));
      ends.forEach((label, i) => {
        if (i) label.b = Math.max(label.b, ends[i - 1].b + 0.12);
      });
      return { data: { path, points, ends, here: [{ strength }] } };
    };
    function show() {
      const [a, b] = [lasso(strength), ridge(strength)];
      const pair = (v) => `(${v.map((x) => (x === 0 ? "0" : x.toFixed(2))).join(", ")})`;
      $("strength-value").textContent = significant(strength);
      $("rho-value").textContent = significant(rho);
      $("strength").setAttribute("aria-valuetext", significant(strength));
      const zeros = a.filter((v) => v === 0).length;
      const words = ["L1 keeps both coefficients.", "L1 has set one coefficient to exactly 0.", "L1 has set both coefficients to exactly 0."];
      $("contact-title").textContent = ["L1: contact on an edge", "L1: contact at a corner", "L1: nothing is left"][zeros];
      const grown = b.some((v, i) => Math.abs(v) > Math.abs(free[i]) + 0.005);
      $("solutions").textContent = `Least squares ${pair(free)}; L1 ${pair(a)}; L2 ${pair(b)}. ${words[zeros]} L2 keeps both${rho >= 0.7 ? ", and draws those of the correlated features together" : ""}${grown ? "; one of them is larger than without a penalty" : ""}.`;
      for (const penalty of ["l1", "l2"])
        $(`chart-contact_${penalty}`).setAttribute("aria-label", `Contact of the ${penalty.toUpperCase()} ball and the curve of equal loss at ${pair(solve[penalty](strength))}.`);
      $("chart-shrinkage").setAttribute("aria-label", `Shrinkage rules at strength ${significant(strength)}: L1 subtracts it and stops at zero, L2 divides by ${significant(1 + strength, 3)}.`);
      $("chart-path").setAttribute("aria-label", "Both coefficients under both penalties as the strength grows: those of L1 reach zero, those of L2 approach it.");
      refresh("contact_l1", "contact_l2", "shrinkage", "path");
    }
    $("strength").addEventListener("input", (event) => {
      strength = 10 ** Number(event.target.value);
      show();
    });
    $("rho").addEventListener("input", (event) => {
      rho = Number(event.target.value);
      show();
    });
    show();
  }

  document.documentElement.dataset.answers = "yes";
  document.addEventListener("DOMContentLoaded", () => {
    explain();
    startCharts();
    wireTables();
    wireDownloads();
    document.documentElement.dataset.ready = "yes";
  });
})();
