  // ---- L1 and L2 from first principles

  // minimum of (b - free)' H (b - free) / 2 + strength * penalty, H = [[1, rho], [rho, 1]]
  const soft = (z, t) => Math.sign(z) * Math.max(Math.abs(z) - t, 0);
  function lassoOfTwo(free, rho, t) {
    const z = [free[0] + rho * free[1], rho * free[0] + free[1]];
    // one coefficient alone is the solution where the other's slope is within the strength
    for (const i of [0, 1]) {
      const b = soft(z[i], t);
      if (Math.abs(z[1 - i] - rho * b) <= t) return i ? [0, b] : [b, 0];
    }
    const det = 1 - rho * rho;
    for (const s of [[1, 1], [1, -1], [-1, 1], [-1, -1]]) {
      const [u, v] = [z[0] - t * s[0], z[1] - t * s[1]];
      const b = [(u - rho * v) / det, (v - rho * u) / det];
      if (b[0] * s[0] >= 0 && b[1] * s[1] >= 0) return b;
    }
    return free;
  }
  function ridgeOfTwo(free, rho, t) {
    const z = [free[0] + rho * free[1], rho * free[0] + free[1]];
    const d = 1 + t;
    const det = d * d - rho * rho;
    return [(d * z[0] - rho * z[1]) / det, (d * z[1] - rho * z[0]) / det];
  }
  const OF_TWO = { l1: lassoOfTwo, l2: ridgeOfTwo };

  // squared bias and variance of the prediction, over all samples: least squares gives each of eight
  // unrelated columns its coefficient with an error of this size
  const NOISE = 0.5;
  const TRUTHS = { one: [2, 0, 0, 0, 0, 0, 0, 0], all: Array(8).fill(2 / Math.sqrt(8)) };
  const NODES = Array.from({ length: 241 }, (_, i) => -6 + i / 20);
  const NODE_WEIGHTS = NODES.map((z) => density(z) / 20);
  const SHRUNK = { l1: soft, l2: (z, t) => z / (1 + t) };
  function tradeOff(penalty, truth, t) {
    let bias = 0;
    let variance = 0;
    for (const beta of truth) {
      let mean = 0;
      let square = 0;
      NODES.forEach((z, i) => {
        const b = SHRUNK[penalty](beta + NOISE * z, t);
        mean += NODE_WEIGHTS[i] * b;
        square += NODE_WEIGHTS[i] * b * b;
      });
      bias += (mean - beta) ** 2;
      variance += square - mean * mean;
    }
    return { bias, variance };
  }

  // two samples of the same problem: columns in two groups, of which one column each matters
  const SAMPLE = { rows: 40, columns: 8, group: 4, relevant: [0, 4], effect: 1.5, noise: 2 };
  function randomNormal(seed) {
    // mulberry32, and Box and Muller
    const uniform = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }
  // X'X / n and X'y / n of a standardised sample
  function drawSample(seed, rho) {
    const normal = randomNormal(seed);
    const { rows, columns, group, relevant, effect, noise } = SAMPLE;
    const X = [];
    const y = [];
    for (let i = 0; i < rows; i++) {
      const shared = Array.from({ length: columns / group }, normal);
      const row = Array.from({ length: columns }, (_, j) => Math.sqrt(rho) * shared[Math.floor(j / group)] + Math.sqrt(1 - rho) * normal());
      X.push(row);
      y.push(relevant.reduce((sum, j) => sum + effect * row[j], noise * normal()));
    }
    const centred = (values) => {
      const mean = values.reduce((sum, v) => sum + v, 0) / rows;
      return values.map((v) => v - mean);
    };
    const target = centred(y);
    const scaled = Array.from({ length: columns }, (_, j) => {
      const column = centred(X.map((row) => row[j]));
      const sd = Math.sqrt(column.reduce((sum, v) => sum + v * v, 0) / rows);
      return column.map((v) => v / sd);
    });
    const product = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0) / rows;
    return { gram: scaled.map((a) => scaled.map((b) => product(a, b))), z: scaled.map((a) => product(a, target)) };
  }
  // both by coordinate descent, until nothing changes
  function fitSample({ gram, z }, penalty, t) {
    const b = z.map(() => 0);
    for (let turn = 0; turn < 5000; turn++) {
      let most = 0;
      for (let j = 0; j < b.length; j++) {
        let left = z[j] + b[j];
        for (let k = 0; k < b.length; k++) left -= gram[j][k] * b[k];
        const next = penalty === "l1" ? soft(left, t) : left / (1 + t);
        most = Math.max(most, Math.abs(next - b[j]));
        b[j] = next;
      }
      if (most < 1e-10) break;
    }
    return b;
  }

  function explain() {
    const free = [1.35, 0.5];
    const strengths = Array.from({ length: 161 }, (_, i) => 10 ** (-2 + (2.5 * i) / 160));
    const circle = Array.from({ length: 121 }, (_, i) => (2 * Math.PI * i) / 120);
    let strength = 10 ** Number($("strength").value);
    let rho = Number($("rho").value);
    let truth = document.querySelector("input[name=truth]:checked").value;
    let seed = 1;

    const solved = (penalty, t) => OF_TWO[penalty](free, rho, t);
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
        const b = solved(penalty, strength);
        const trail = strengths.map((t, order) => {
          const [b1, b2] = solved(penalty, t);
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
      const lines = { none: (z) => z, l1: (z) => SHRUNK.l1(z, strength), l2: (z) => SHRUNK.l2(z, strength) };
      const grid = Array.from({ length: 81 }, (_, i) => -2 + i / 20);
      const kinks = [-strength, strength].filter((z) => Math.abs(z) < 2);
      const at = [...grid, ...kinks].sort((a, b) => a - b);
      const rules = Object.entries(lines).flatMap(([penalty, rule]) => at.map((z) => ({ z, b: rule(z), penalty })));
      const points = ["l1", "l2"].flatMap((penalty) => free.map((z) => ({ z, b: lines[penalty](z), penalty })));
      return { data: { rules, points } };
    };
    drawers.path = () => {
      const path = ["l1", "l2"].flatMap((penalty) =>
        strengths.flatMap((t) => solved(penalty, t).map((b, i) => ({ strength: t, b, penalty, term: `b${i + 1}` }))),
      );
      const points = ["l1", "l2"].flatMap((penalty) =>
        solved(penalty, strength).map((b, i) => ({ strength, b, penalty, label: `${penalty.toUpperCase()} b${"₁₂"[i]}` })),
      );
      // names beside the points, pushed apart where these are close
      const ends = points.toSorted((a, b) => a.b - b.b).map((point) => ({ ...point }));
      ends.forEach((label, i) => {
        if (i) label.b = Math.max(label.b, ends[i - 1].b + 0.12);
      });
      return { data: { path, points, ends, here: [{ strength }] } };
    };

    const coarse = strengths.filter((_, i) => i % 2 === 0);
    const traded = (penalty) => remembering((truth) => coarse.map((t) => tradeOff(penalty, TRUTHS[truth], t)));
    const curves = { l1: traded("l1"), l2: traded("l2") };
    const unpenalised = 8 * NOISE ** 2;
    const PARTS = { error: "sum", bias: "squared bias", variance: "variance" };
    const errors = (penalty) => curves[penalty](truth).map((part) => ({ ...part, error: part.bias + part.variance }));
    function best(penalty) {
      const found = errors(penalty);
      const least = Math.min(...found.map((row) => row.error));
      return { strength: coarse[found.findIndex((row) => row.error === least)], value: least };
    }
    for (const penalty of ["l1", "l2"])
      drawers[`trade_${penalty}`] = () => {
        const lines = Object.entries(PARTS).flatMap(([key, part]) => errors(penalty).map((row, i) => ({ strength: coarse[i], value: row[key], part })));
        return { data: { lines, none: [{ value: unpenalised }], here: [{ strength }], best: [best(penalty)] } };
      };

    const samples = remembering((seed, rho) => [0, 1].map((i) => drawSample(2 * seed + i, rho)));
    const fits = (penalty) => samples(seed, rho).map((sample) => fitSample(sample, penalty, strength));
    for (const penalty of ["l1", "l2"])
      drawers[`samples_${penalty}`] = () => {
        const bars = fits(penalty).flatMap((b, i) => b.map((value, j) => ({ sample: `sample ${i + 1}`, column: `x${j + 1}`, value, zero: value === 0 ? "0" : "" })));
        return { data: { bars } };
      };
    function saySamples() {
      const [first, second] = fits("l1").map((b) => b.flatMap((v, j) => (v === 0 ? [] : [`x${j + 1}`])));
      const both = first.filter((name) => second.includes(name));
      const named = (list) => (list.length ? list.join(", ") : "nothing");
      $("chosen").textContent = `L1 keeps ${first.length} and ${second.length} of eight`;
      $("kept").textContent = `L1 keeps ${named(first)} in the first sample, ${named(second)} in the second: ${both.length} in common. L2 keeps all eight in both.`;
    }

    function show() {
      const [a, b] = [solved("l1", strength), solved("l2", strength)];
      const pair = (v) => `(${v.map((x) => (x === 0 ? "0" : x.toFixed(2))).join(", ")})`;
      $("strength-value").textContent = significant(strength);
      $("rho-value").textContent = significant(rho);
      $("strength").setAttribute("aria-valuetext", significant(strength));
      const zeros = a.filter((v) => v === 0).length;
      const words = ["L1 keeps both coefficients.", "L1 has set one coefficient to exactly 0.", "L1 has set both coefficients to exactly 0."];
      $("contact-title").textContent = ["L1 touches an edge", "L1 touches a corner", "L1: nothing is left"][zeros];
      const grown = b.some((v, i) => Math.abs(v) > Math.abs(free[i]) + 0.005);
      $("solutions").textContent = `Least squares ${pair(free)}; L1 ${pair(a)}; L2 ${pair(b)}. ${words[zeros]} L2 keeps both${grown ? "; one of them is larger than without a penalty" : ""}.`;
      const sums = ["l1", "l2"].map((penalty) => {
        const { bias, variance } = tradeOff(penalty, TRUTHS[truth], strength);
        return `${penalty.toUpperCase()} ${bias.toFixed(2)} + ${variance.toFixed(2)} = ${(bias + variance).toFixed(2)}, at its best ${best(penalty).value.toFixed(2)}`;
      });
      $("traded").textContent = `Squared bias + variance: ${sums.join("; ")}; no penalty ${unpenalised.toFixed(2)}.`;
      for (const penalty of ["l1", "l2"]) {
        const name = penalty.toUpperCase();
        $(`chart-contact_${penalty}`).setAttribute("aria-label", `Contact of the ${name} ball and the curve of equal loss at ${pair(solved(penalty, strength))}.`);
        $(`chart-trade_${penalty}`).setAttribute("aria-label", `Squared bias of ${name} rises and its variance falls as the strength grows.`);
        $(`chart-samples_${penalty}`).setAttribute("aria-label", `Coefficients of ${name} in two samples.`);
      }
      $("chart-shrinkage").setAttribute("aria-label", `Shrinkage rules at strength ${significant(strength)}: L1 subtracts it and stops at zero, L2 divides by ${significant(1 + strength, 3)}.`);
      $("chart-path").setAttribute("aria-label", "Both coefficients under both penalties as the strength grows: those of L1 reach zero, those of L2 approach it.");
      saySamples();
      refresh("contact_l1", "contact_l2", "shrinkage", "path", "trade_l1", "trade_l2", "samples_l1", "samples_l2");
    }
    $("strength").addEventListener("input", (event) => {
      strength = 10 ** Number(event.target.value);
      show();
    });
    $("rho").addEventListener("input", (event) => {
      rho = Number(event.target.value);
      show();
    });
    for (const input of document.querySelectorAll("input[name=truth]"))
      input.addEventListener("change", () => {
        truth = input.value;
        show();
      });
    $("redraw").addEventListener("click", () => {
      seed += 1;
      show();
    });
    show();
  }
  starts.push(explain);
