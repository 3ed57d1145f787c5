  // ---- the question: what is asked, what is answered

  function explore(data) {
    const goals = Object.fromEntries(data.goals.map((goal) => [goal.key, goal]));
    const keys = Object.keys(data.axes);
    // nobody knows how many columns matter, until somebody says so
    const state = { along: "nonzero_share", question: null, chosen: false };
    const ends = (key) => [data.axes[key][0], data.axes[key].at(-1)].map(Math.log);
    const reach = keys.map((key) => ends(key)[1] - ends(key)[0] || 1);
    const whole = (v) => Math.round(v).toLocaleString("en");

    const fitted = {};
    const surfaceOf = (goal) => (fitted[goal] ??= fitSurface(data.surfaces[goal]));

    // -- the form. An empty box of what nobody has to know stands for not knowing it

    const box = (id) => ($(id).value.trim() === "" ? Number.NaN : Number($(id).value));
    const put = (id, v) => ($(id).value = Number.isNaN(v) ? "" : String(Number(v.toPrecision(6))));
    const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
    const FIELDS = { rows: "rows", columns: "columns", relevant: "columns that matter", r2: "R²", auc: "AUC", rarer: "the rarest class", alignment: "the alignment" };
    const CHOICES = ["response", "related"];
    const SELECTS = ["goal", "signs"];

    function read() {
      const q = { goal: $("goal").value, related: chosen("related"), signs: $("signs").value, response: chosen("response") };
      Object.assign(q, data.responses[q.response]);
      for (const id of Object.keys(FIELDS)) q[id] = box(id);
      const missing = ["rows", "columns", "relevant"].filter((id) => Number.isNaN(q[id])).map((id) => FIELDS[id]);
      if (missing.length) return { missing };
      const wrong = [];
      for (const id of ["rows", "columns", "relevant"]) if (!(q[id] >= 1)) wrong.push(`${FIELDS[id]} must be 1 or more`);
      if (q.relevant > q.columns) wrong.push("more columns that matter than columns");
      const within = (id, low, high) => {
        if (q[id] <= low || q[id] >= high) wrong.push(`${FIELDS[id]} must lie between ${low} and ${high}`);
      };
      if (q.classes) {
        within("auc", 0.5, 1);
        if (q.rarer <= 0 || q.rarer > 50) wrong.push(`${FIELDS.rarer} must be above 0 % and at most 50 %`);
      } else within("r2", 0, 1);
      if (q.alignment <= 0) wrong.push(`${FIELDS.alignment} must be above 0`);
      const measuredOf = data.surfaces[q.goal].ranges;
      if (!(q.response in measuredOf)) {
        const others = Object.keys(measuredOf).map((kind) => data.responses[kind].label);
        wrong.push(`${goals[q.goal].name} was measured for ${others.join(" and ")} to predict: choose that`);
      }
      if (wrong.length) return { wrong };
      const rate = Number.isNaN(q.rarer) ? 1 / (q.several ? 3 : 2) : q.rarer / 100;
      const snrOf = q.classes ? (auc) => snrOfAuc(auc, rate) : (r2) => r2 / (1 - r2);
      const known = q.classes ? q.auc : q.r2;
      // what is not known is taken as no stranger than what was measured
      const [low, high] = measuredOf[q.response].snr;
      const usual = (snr) => Math.min(high, Math.max(low, snr));
      q.snrs = Number.isNaN(known) ? data.unknown[q.classes ? "auc" : "r2"].map((v) => usual(snrOf(v))) : [snrOf(known)];
      q.aspect = q.columns / q.rows;
      q.perFeature = (q.rows / q.columns) * (q.classes ? 2 * rate : 1);
      return q;
    }

    // the alignment of the signal if so many columns matter, by what is known of their relations
    function alignments(q, relevant) {
      if (!Number.isNaN(q.alignment)) return [q.alignment];
      const { correlation, size } = data.related[q.related];
      const others = size === null ? relevant - 1 : ((relevant - 1) * (Math.min(size, q.columns) - 1)) / Math.max(q.columns - 1, 1);
      const same = 1 + correlation * others;
      const pulled = { same: [same], either: [1], unknown: [1, same] }[q.signs];
      return same === 1 ? [1] : pulled;
    }
    const points = (q, { relevant = q.relevant, aspect = q.aspect, snrs = q.snrs, pulled = alignments(q, relevant) } = {}) =>
      snrs.flatMap((snr) => pulled.map((alignment) => ({ aspect, share: relevant / q.columns, snr, alignment, binary: Number(q.classes), response: q.response })));

    // -- one number of columns that matter: what is likelier, and how sure that is

    const range = ([low, high]) => (low === high ? significant(low, 3) : `${significant(low, 3)} to ${significant(high, 3)}`);
    // the least share that was measured stands for less, as fewer columns are for L1 the more
    function measured(at, surface) {
      return { ...at, share: Math.max(at.share, surface.ranges[at.response].nonzero_share[0]) };
    }
    function beyond(list, goal) {
      const surface = data.surfaces[goal];
      const response = list[0].response;
      if (!(response in surface.ranges)) return [`${data.responses[response].label} to predict (not in this study)`];
      const out = new Set();
      const values = { aspect_ratio: "aspect", nonzero_share: "share", snr: "snr", signal_alignment: "alignment" };
      for (const point of list)
        for (const [key, name] of Object.entries(values)) {
          const [low, high] = surface.ranges[response][key];
          const slack = 1e-6 * Math.max(1, high);
          const value = name === "alignment" ? together(point[name]) : measured(point, surface)[name];
          if (value < low - slack || value > high + slack) out.add(`${data.names[key]} ${significant(point[name], 3)} (measured: ${range([low, high])})`);
        }
      return [...out];
    }
    function answerTo(goal, list, rows, columns) {
      const surface = data.surfaces[goal];
      const outside = beyond(list, goal);
      if (outside.length) {
        const sides = goal === "prediction" ? new Set(list.map((point) => boundarySide(rows, columns, point))) : new Set();
        const side = sides.size === 1 ? [...sides][0] : "";
        return { outside, side, sure: false, verdict: side ? `${side}-theory` : "unmeasured" };
      }
      const found = surfaceOf(goal)(list.map((point) => measured(point, surface)));
      const likelier = found.l1 > 0.5 ? "l1" : "l2";
      const odds = Math.max(found.l1, 1 - found.l1);
      const equal = found.low > -surface.zone && found.high < surface.zone;
      const clear = !equal && Math.abs(found.effect) > surface.zone;
      const side = clear && odds >= data.likely ? likelier : "";
      const sure = side !== "" && odds >= data.level;
      return { ...found, outside, side, sure, odds, likelier, verdict: side ? (sure ? side : `${side}-likely`) : equal ? "equivalent" : "undecided" };
    }
    const answer = (q, changes) => answerTo(q.goal, points(q, changes), q.rows, q.columns);

    // -- all numbers of columns that may matter

    const STEPS = 40;
    const overAll = remembering((q) => {
      const runs = [];
      let last = 0;
      for (let i = 0; i <= STEPS; i++) {
        const count = Math.round(q.columns ** (i / STEPS));
        if (count === last || count > q.columns) continue;
        last = count;
        const { verdict, side, sure, outside } = answer(q, { relevant: count });
        if (runs.at(-1)?.verdict === verdict) runs.at(-1).to = count;
        else runs.push({ verdict, side, sure, outside: outside.length > 0, from: count, to: count });
      }
      return runs;
    });
    const about = (count) => whole(Number(count.toPrecision(2)));
    // runs that take the same side, however sure
    function bySide(runs, kind) {
      const out = [];
      for (const run of runs) {
        if (out.at(-1)?.kind === kind(run)) out.at(-1).to = run.to;
        else out.push({ kind: kind(run), from: run.from, to: run.to });
      }
      return out;
    }
    const span = ({ from, to }, last) => (from === 1 ? `up to about ${about(to)}` : to === last ? `from about ${about(from)} on` : `from about ${about(from)} to ${about(to)}`);
    const upper = (text) => text[0].toUpperCase() + text.slice(1);
    const many = ({ from, to }, last) => (from === 1 ? `up to about ${about(to)}` : to === last ? `about ${about(from)} or more` : `about ${about(from)} to ${about(to)}`);
    function sides(runs, q) {
      const found = bySide(runs, (run) => run.side);
      if (found.length === 1) return found[0].kind ? `${found[0].kind.toUpperCase()}, however many of the ${whole(q.columns)} columns matter` : "No clear winner, however many columns matter";
      const named = found.filter((run) => run.kind);
      const last = runs.at(-1).to;
      const parts = named.map((run, i) => `${run.kind.toUpperCase()} if ${many(run, last)}${i ? " do" : ` of ${whole(q.columns)} columns matter`}`);
      const covered = named.at(-1).to === last && named[0].from === 1;
      return `${parts.join("; ")}${covered ? "" : "; otherwise no clear winner"}`;
    }
    function howSure(runs, q) {
      if (runs.some((run) => run.outside)) return "";
      const sure = bySide(runs, (run) => (run.sure ? run.side : "")).filter((run) => run.kind);
      const last = runs.at(-1).to;
      const level = percent(data.level);
      if (!sure.length) return `Nowhere is that ${level} sure.`;
      if (sure.length === 1 && sure[0].from === 1 && sure[0].to === last) return `That is at least ${level} sure throughout.`;
      return `At least ${level} sure: ${sure.map((run) => `${run.kind.toUpperCase()} ${span(run, last)}`).join(", ")}.`;
    }
    const ROOM = 0.07;
    const LABELS = { l1: "L1", l2: "L2", "": "?" };
    function showOver(q, runs) {
      const place = (count) => (q.columns > 1 ? Math.log(count) / Math.log(q.columns) : 0);
      const width = (i, j) => place(runs[j]?.from ?? q.columns) - place(runs[i].from);
      const shown = runs.map((run, i) => {
        const part = document.createElement("i");
        part.className = [run.side, run.sure ? "" : "likely", run.outside ? "outside" : ""].join(" ");
        part.style.flexGrow = width(i, i + 1) || 1 / STEPS;
        Object.assign(part.dataset, { verdict: run.verdict, from: run.from, to: run.to });
        // a name where it has room, on the first of the runs that take a side
        if (run.side !== runs[i - 1]?.side && width(i, i + 1) > ROOM) part.textContent = LABELS[run.side];
        return part;
      });
      $("bar").replaceChildren(...shown);
      $("bar").setAttribute("aria-label", `${sides(runs, q)}. ${howSure(runs, q)}`);
      const slider = $("slide");
      slider.value = Math.round(400 * place(q.relevant));
      slider.setAttribute("aria-valuetext", `${whole(q.relevant)} columns`);
      $("most").textContent = whole(q.columns);
      $("ranged").hidden = false;
    }

    // -- the answer in words

    const signed = (effect, goal) => fixed(goal.times * effect, goal.digits);
    const saved = (effect) => percent(1 - Math.exp(-Math.abs(effect)));
    function interval(low, high, goal) {
      return goal.kind === "log_ratio"
        ? `${significant(Math.exp(low), 2)} to ${significant(Math.exp(high), 2)}`
        : `${signed(low, goal)} to ${signed(high, goal)}`;
    }
    const middle = (effect, goal) => (goal.kind === "log_ratio" ? significant(Math.exp(effect), 2) : `${signed(effect, goal)}${goal.unit}`);
    const compared = (goal) => (goal.kind === "log_ratio" ? `${goal.measure} of L1 / L2` : `L1 − L2 in the loss, ${goal.measure}`);
    const tenth = (v) => fixed(v, 1);

    const unusual = (q) =>
      Object.entries(data.surfaces[q.goal].sizes[q.response] ?? {})
        .filter(([id, [low, high]]) => q[id] < low || q[id] > high)
        .map(([id, ends]) => `${whole(q[id])} ${id} (measured: ${range(ends)})`);
    const matters = (q) => q.goal === "prediction" && data.matters !== null && q.perFeature >= data.matters.rows;

    function headline(q, runs) {
      const words = sides(runs, q);
      if (runs.every((run) => run.outside)) return runs.some((run) => run.side) ? `Outside of what was measured. By theory for unrelated columns: ${words}` : "Outside of what was measured: no answer";
      if (q.unusual.length) return `Outside of what was measured. Extrapolating from rows per column: ${words}`;
      if (matters(q)) return `It hardly matters with ${about(q.perFeature)} rows for each column`;
      return words;
    }
    // how well the surface does: with a kind of response that it has not learnt from, on that kind
    function scoresOf(q) {
      const tried = data.surfaces[q.goal].tried[q.response];
      if (!tried) return goals[q.goal].scores;
      return [{ ...tried, what: `${whole(tried.n)} scenarios with ${q.label} to predict, from which nothing was learnt,` }];
    }
    // shares of the variation below which a surface says little
    const POOR = 0.3;
    function over(q, runs) {
      const level = points(q, { relevant: q.columns }).length > 1 ? " The less you know, the paler the bar." : "";
      if (runs.every((run) => run.outside)) return `Not among the scenarios of the study: ${answer(q, { relevant: 1 }).outside.concat(q.unusual).join("; ")}. Fit both and keep the lower cross-validated error.`;
      const sizes = q.unusual.length ? ` Not among the scenarios of the study: ${q.unusual.join("; ")}.` : "";
      const partly = runs.some((run) => run.outside) ? ` Striped: outside of what was measured${q.goal === "prediction" ? ", by theory for unrelated columns" : ""}.` : "";
      if (matters(q)) return `L1 and L2 differ by at most one point of ${q.explained} in ${percent(data.matters.share)} of ${whole(data.matters.n)} such scenarios. By excess risk: ${sides(runs, q)}.${sizes}${partly}`;
      const poor = scoresOf(q).some((s) => s.r2 < POOR) ? " Of this goal the surface explains little: do not rely on it." : "";
      return `${howSure(runs, q)}${sizes}${partly}${level}${poor}`.trim();
    }
    function points100(q) {
      if (q.goal !== "prediction" || !("explained" in goals)) return "";
      const found = answerTo("explained", points(q), q.rows, q.columns);
      if (found.outside.length) return "";
      const own = goals.explained;
      // its loss is what is not explained
      const told = [found.effect, found.high, found.low].map((v) => tenth(-own.times * v));
      return ` In points of ${q.explained} on new rows, L1 − L2: ${told[0]} (${percent(data.level)}: ${told[1]} to ${told[2]}).`;
    }
    function theoryOf(q) {
      const list = points(q);
      const { aspect, share, snr } = list[Math.floor((list.length - 1) / 2)];
      return { ...theoryRisks(aspect, share, snr), snr };
    }
    function sentence(q, found) {
      const goal = goals[q.goal];
      const start = `If ${whole(q.relevant)} matter${q.relevant === 1 ? "s" : ""}: `;
      if (found.outside.length) {
        if (q.goal !== "prediction" || q.response !== "gaussian") return `${start}${found.side ? `${found.side.toUpperCase()}, by theory for a number to predict` : "not measured"}.`;
        const { lasso, ridge, snr } = theoryOf(q);
        const explained = (risk) => percent(Math.max(0, (snr - risk) / (1 + snr)));
        return `${start}by exact theory for unrelated columns of equal effect and many rows, L1 would explain ${explained(lasso)} of new rows and L2 ${explained(ridge)}, of ${percent(snr / (1 + snr))} that can be explained.`;
      }
      const odds = `${found.likelier.toUpperCase()} is better with a probability of ${percent(Math.min(found.odds, 0.99))}${found.odds > 0.99 ? " or more" : ""}`;
      const gain = goal.kind === "log_ratio" ? `, with ${saved(found.effect)} less ${goal.measure}` : "";
      const close = found.odds >= data.likely ? `too small a difference to matter (${odds})` : `no clear winner (${odds})`;
      return `${start}${found.side ? odds + gain : close}. ${upper(compared(goal))}: ${middle(found.effect, goal)} (${percent(data.level)}: ${interval(found.low, found.high, goal)}).${points100(q)}`;
    }
    const load = (q, alignment, snr) => (together(alignment) * q.relevant) / (q.rows * Math.sqrt(snr));
    const spread = (values) => {
      const [low, high] = [Math.min(...values), Math.max(...values)].map((v) => significant(v));
      return low === high ? low : `${low} to ${high}`;
    };
    function others(q) {
      if (q.goal !== "prediction") return ["Rule and theory: none for this goal."];
      const list = points(q);
      const { cut } = page.rule;
      const loads = list.map((point) => load(q, point.alignment, point.snr));
      const says = [...new Set(loads.map((v) => (cut === null || v < cut ? "L1" : "L2")))].sort().join(" or ");
      const sides = [...new Set(list.map((point) => boundarySide(q.rows, q.columns, point).toUpperCase()))].sort().join(" or ");
      const out = [
        `Rule of thumb: load a·k / (n √snr) = ${spread(loads)}${cut ? ` (the limit is ${significant(cut)})` : ""}, so ${says}${q.outside ? "; outside of what was measured it has not been tried" : ""}.`,
        `Exact boundary for unrelated columns, asked with a·k = ${spread(list.map((point) => together(point.alignment) * q.relevant))}: ${sides}.`,
      ];
      if (list.every((point) => point.alignment === 1)) {
        const risks = list.map((point) => ({ ...theoryRisks(point.aspect, point.share, point.snr), snr: point.snr }));
        const told = spread(risks.map(({ lasso, ridge }) => lasso / ridge));
        const gains = risks.map(({ lasso, ridge, snr }) => (100 * (ridge - lasso)) / (1 + snr));
        const points = [...new Set([Math.min(...gains), Math.max(...gains)].map(tenth))].join(" to ");
        out.push(`Exact theory (unrelated columns of equal effect, best strengths, many rows): risk of L1 / L2 = ${told}, ${points} points of R².`);
      }
      return out;
    }

    // -- what was measured nearby

    // the question as a point among the scenarios, with what is not known in the middle
    function centre(q) {
      const list = points(q);
      const mean = (name) => Math.exp(list.reduce((sum, point) => sum + Math.log(point[name]), 0) / list.length);
      return [q.aspect, q.relevant / q.columns, mean("snr"), mean("alignment")];
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
    function nearest(q, count, without) {
      const at = centre(q);
      return data.scenarios
        .filter((s) => q.goal in s.goals && s.response === q.response)
        .map((s) => [distance(s, at, without), s])
        .sort(([a], [b]) => a - b)
        .slice(0, count);
    }
    const HEADS = ["scenario", "n × p", "share that matters", "snr", "alignment", "points explained, L1 − L2", "effect and interval", "verdict"];
    // a fit of counts can be worse than the best constant by any amount
    const explained = (points) => (points === null ? "–" : Math.abs(points) > 100 ? `${points < 0 ? "below −" : "above "}100` : tenth(points));
    function showNearest(q) {
      const goal = goals[q.goal];
      const rows = nearest(q, 5).map(([, s]) => {
        const [effect, low, high, verdict] = s.goals[q.goal];
        const row = document.createElement("tr");
        const cells = [
          `${s.dataset.replaceAll("_", " ")}: ${s.label}`,
          `${s.n} × ${s.p}`,
          ...s.x.slice(1).map((v) => significant(v)),
          explained(s.points),
          `${middle(effect, goal)} [${interval(low, high, goal)}]`,
          verdict in NAMES ? `${verdict.toUpperCase()} wins` : verdict,
        ];
        cells.forEach((text, i) => {
          const td = document.createElement("td");
          td.textContent = text;
          td.dataset.label = HEADS[i];
          if (i === cells.length - 1) td.className = `v-${verdict}`;
          row.append(td);
        });
        return row;
      });
      $("nearest").tBodies[0].replaceChildren(...rows);
    }
    function snippet(q, found, runs) {
      const kind = data.snippets[q.response];
      const named = state.chosen || runs.every((run) => run.side === found.side);
      return kind[named && found.side && !matters(q) ? found.side : "both"];
    }

    // -- a link that asks the same question

    const DEFAULTS = {};
    function link() {
      const asked = new URLSearchParams();
      for (const [id, value] of Object.entries(inputs())) if (value !== DEFAULTS[id]) asked.set(id, value);
      return `#${asked.size ? asked : "explorer"}`;
    }
    function inputs() {
      const out = {};
      for (const id of [...Object.keys(FIELDS), ...SELECTS]) out[id] = $(id).value;
      for (const name of CHOICES) out[name] = chosen(name);
      return out;
    }
    function follow() {
      const asked = new URLSearchParams(location.hash.slice(1));
      if (![...asked.keys()].some((key) => key in DEFAULTS)) return false;
      state.chosen = asked.has("relevant");
      for (const [id, start] of Object.entries(DEFAULTS)) {
        const value = asked.get(id) ?? start;
        if (CHOICES.includes(id)) {
          for (const input of document.querySelectorAll(`input[name=${id}]`)) if (input.value === value) input.checked = true;
        } else if (SELECTS.includes(id)) {
          if ([...$(id).options].some((option) => option.value === value)) $(id).value = value;
        } else if (value === "" || Number.isFinite(Number(value))) $(id).value = value;
      }
      return true;
    }

    // -- everything, whenever anything changes

    // the question in words, for whoever sees the answer alone
    function asked(q) {
      const related = data.related[q.related].label.replace(/ \(.*/, "");
      const reach = q.classes ? (Number.isNaN(q.auc) ? "AUC not known" : `AUC ${q.auc}`) : Number.isNaN(q.r2) ? "R² not known" : `R² ${q.r2}`;
      return `${whole(q.rows)} rows, ${whole(q.columns)} columns, related: ${related}, ${q.label} to predict, ${reach}`;
    }
    function refuse(title, text) {
      state.question = null;
      $("question").textContent = "";
      $("ranged").hidden = true;
      const box = $("answer");
      box.className = "answer unmeasured";
      box.dataset.verdict = "none";
      $("headline").textContent = title;
      $("over").textContent = text;
      for (const id of ["sentence", "says", "snippet"]) $(id).replaceChildren();
      $("nearest").tBodies[0].replaceChildren();
      refresh("map", "profile");
    }
    function show() {
      const { classes, several } = data.responses[chosen("response")];
      $("rarer").placeholder = several ? "33" : "50";
      const wanted = { number: !classes, classes, several };
      for (const element of document.querySelectorAll("[data-for]")) element.hidden = !wanted[element.dataset.for];
      $("pulled").hidden = chosen("related") === "hardly";
      const q = read();
      if (q.missing) return refuse(`No answer: ${q.missing.join(" and ")} missing`, "Rows, columns and how many may matter need a number; the last is your guess, and the bar shows all others.");
      if (q.wrong) return refuse("No answer to these numbers", `${upper(q.wrong.join("; "))}.`);
      state.question = q;
      q.unusual = unusual(q);
      // what the bar depends on
      const runs = overAll({ ...q, relevant: 0 });
      const found = answer(q);
      q.outside = found.outside.length + q.unusual.length > 0;
      const box = $("answer");
      const same = runs.every((run) => run.side === runs[0].side) && !matters(q);
      box.className = `answer ${(same && runs[0].side) || "open"}`;
      $("question").textContent = asked(q);
      box.dataset.verdict = found.verdict;
      $("headline").textContent = headline(q, runs);
      $("over").textContent = over(q, runs);
      showOver(q, runs);
      $("sentence").textContent = sentence(q, found);
      $("link").href = link();
      $("says").replaceChildren(...others(q).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
      const held = scoresOf(q).map((s, i) =>
        i
          ? `on ${s.what} ${percent(s.r2)} and ${percent(s.coverage)}`
          : `On ${s.what} this surface explains ${percent(s.r2)} of the variation of the effect, and its ${percent(data.level)} intervals hold ${percent(s.coverage)} of them`,
      );
      $("trust").textContent = held.length ? `${held.join("; ")}.` : "";
      showNearest(q);
      $("snippet").textContent = snippet(q, found, runs);
      $("chart-map").setAttribute("aria-label", `Map for ${whole(q.rows)} rows and ${whole(q.columns)} columns: share of columns that matter against signal-to-noise ratio.`);
      $("chart-profile").setAttribute("aria-label", `${compared(goals[q.goal])} along ${data.names[state.along]}, with its interval, theory and measured scenarios alike in all else.`);
      refresh("map", "profile");
    }

    // -- two pictures around the question

    const closest = (key, v) => {
      const far = data.axes[key].map((stop) => Math.abs(Math.log(stop / v)));
      return data.axes[key][far.indexOf(Math.min(...far))];
    };
    const relevantOf = (q, share) => Math.max(1, share * q.columns);
    const sliced = remembering((q) =>
      data.axes.nonzero_share.flatMap((share) => data.axes.snr.map((snr) => [share, snr, answer(q, { relevant: relevantOf(q, share), snrs: [snr] })])),
    );
    drawers.map = () => {
      const q = state.question;
      if (!q) return { data: { cells: [], here: [] } };
      const goal = goals[q.goal];
      const end = goal.kind === "log_ratio" ? Math.log(2.5) : 4 * goal.margin;
      const cells = sliced({ ...q, relevant: 0, snrs: [] }).map(([share, snr, found]) => {
        const known = !found.outside.length;
        const shade = known ? Math.max(-1, Math.min(1, found.effect / end)) : 0;
        const size = known && (goal.kind === "log_ratio" ? `−${saved(found.effect)}` : signed(found.effect, goal));
        const mark = { equivalent: "≈", undecided: "?" }[found.verdict] ?? "–";
        return {
          share,
          snr,
          shade,
          strong: Math.abs(shade) > 0.72,
          text: known && found.sure ? `${found.side.toUpperCase()}\n${size}` : `\u200b\n${known && found.side ? "?" : mark}`,
          tip: known ? `${middle(found.effect, goal)} [${interval(found.low, found.high, goal)}]` : "not measured",
        };
      });
      const here = q.snrs.map((snr) => ({ share: closest("nonzero_share", q.relevant / q.columns), snr: closest("snr", snr) }));
      return { data: { cells, here } };
    };
    picked.map = (view) =>
      view.addEventListener("click", (_, item) => {
        const { share, snr } = item?.datum ?? {};
        if (share === undefined || !state.question) return;
        put("relevant", Math.max(1, Math.round(share * box("columns"))));
        if (!state.question.classes) put("r2", Number((snr / (1 + snr)).toPrecision(3)));
        state.chosen = true;
        show();
      });

    // round steps, at most four to a side
    function evenTicks(end) {
      const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((v) => end / v <= 4) ?? 0.5;
      const most = Math.floor(end / step + 1e-9);
      return Array.from({ length: 2 * most + 1 }, (_, i) => (i - most) * step);
    }
    // the question with one property at another value
    const moved = (q, key, v) =>
      ({ aspect_ratio: { aspect: v }, nonzero_share: { relevant: relevantOf(q, v) }, snr: { snrs: [v] }, signal_alignment: { pulled: [v] } })[key];
    drawers.profile = () => {
      const q = state.question;
      const key = state.along;
      const goal = goals[q?.goal ?? data.goals[0].key];
      const axis = keys.indexOf(key);
      const stops = data.axes[key];
      // between the stops as well
      const steps = 6;
      const line = Array.from({ length: q ? steps * (stops.length - 1) + 1 : 0 }, (_, i) => {
        const stop = Math.min(Math.floor(i / steps), Math.max(0, stops.length - 2));
        const part = i / steps - stop;
        const [low, high] = [stops[stop], stops[stop + 1] ?? stops[stop]].map(Math.log);
        const v = part === 0 ? stops[stop] : part === 1 ? stops[stop + 1] : Math.exp(low + part * (high - low));
        const list = points(q, moved(q, key, v));
        const found = answerTo(q.goal, list, q.rows, q.columns);
        const alone = q.goal === "prediction" && list.length === 1 && list[0].alignment === 1;
        const risks = alone ? theoryRisks(list[0].aspect, list[0].share, list[0].snr) : null;
        return { at: i / steps, ...found, limit: risks ? Math.log(risks.lasso / risks.ridge) : null };
      });
      const position = (v) => {
        const scaled = stops.map(Math.log);
        const x = Math.min(scaled.at(-1), Math.max(scaled[0], Math.log(v)));
        const i = Math.max(0, scaled.findLastIndex((s) => s <= x + 1e-9));
        return i + 1 < scaled.length ? i + (x - scaled[i]) / (scaled[i + 1] - scaled[i]) : i;
      };
      const near = (q ? nearest(q, 400, axis) : [])
        .filter(([d, s]) => d < 0.12 && s.x[axis] >= stops[0] / 1.05 && s.x[axis] <= stops.at(-1) * 1.05)
        .map(([, s]) => {
          const [effect, low, high, verdict] = s.goals[q.goal];
          const text = `${s.dataset.replaceAll("_", " ")}: ${s.label}, ${middle(effect, goal)} [${interval(low, high, goal)}]`;
          return { at: position(s.x[axis]), effect, low, high, verdict, tip: text };
        });
      const known = line.filter((r) => !r.outside.length);
      const all = [...known, ...near].flatMap((r) => [r.low, r.high]).concat(line.map((r) => r.limit ?? 0));
      const ratio = goal.kind === "log_ratio";
      const end = Math.min(ratio ? 2.4 : 1, Math.max(ratio ? 0.4 : 4 * goal.margin, ...all.map(Math.abs)));
      const ticks = ratio ? [0.1, 0.2, 0.33, 0.5, 0.7, 0.85, 1, 1.2, 1.4, 2, 3, 5, 10].map(Math.log).filter((v) => Math.abs(v) <= end) : evenTicks(end);
      return {
        data: {
          curve: known,
          theory: line.filter((r) => r.limit !== null).map((r) => ({ at: r.at, effect: r.limit })),
          near,
          zone: [{ effect: -goal.margin, high: goal.margin }],
          here: q ? [...new Set(centreValues(q, key))].map((v) => ({ at: position(v) })) : [],
        },
        signals: {
          stops: stops.map((v) => significant(v, 3)),
          property: data.names[key],
          ratio,
          times: goal.times,
          unit: goal.unit ? ` in${goal.unit}` : "",
          ends: [-end, end],
          ticks,
        },
      };
    };
    // where the question lies along a property, at several values where it is not known
    const centreValues = (q, key) =>
      ({ aspect_ratio: [q.aspect], nonzero_share: [q.relevant / q.columns], snr: q.snrs, signal_alignment: alignments(q, q.relevant).map(together) })[key];

    // -- what the reader does

    Object.assign(DEFAULTS, inputs());
    const followed = follow();
    window.addEventListener("hashchange", () => {
      if (follow()) show();
    });
    $("asked").addEventListener("input", (event) => {
      // the number that matters keeps its share of columns, unless it is what was typed
      if (event.target.id === "columns" && state.question && box("columns") >= 1) {
        const { relevant, columns } = state.question;
        put("relevant", Math.min(box("columns"), Math.max(1, Math.round((relevant / columns) * box("columns")))));
      }
      show();
    });
    $("slide").addEventListener("input", (event) => {
      put("relevant", Math.max(1, Math.min(box("columns"), Math.round(box("columns") ** (Number(event.target.value) / 400)))));
      state.chosen = true;
      show();
    });
    $("relevant").addEventListener("input", () => {
      state.chosen = true;
      show();
    });
    $("along").addEventListener("change", (event) => {
      state.along = event.target.value;
      show();
    });
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

  // at once: the rest of the page is still being read
  if (page.explorer) explore(page.explorer);
  document.documentElement.dataset.answers = "yes";

