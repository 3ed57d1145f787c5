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
      legend: { labelColor: ink, labelFontSize: 12 },
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
    for (const c of [...document.querySelectorAll(".chart:not([data-drawn])")].filter((chart) => chart.checkVisibility())) draw(c.id.replace("chart-", ""));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const name of Object.keys(views)) draw(name);
  });
  starts.push(startCharts);

