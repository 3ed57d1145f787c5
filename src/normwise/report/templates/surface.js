  // ---- what is known of a question: the surface of the measurements, exact theory

  // what does not change with a slider is not computed anew: the last answer of a function
  function remembering(compute) {
    let key, value;
    return (...question) => {
      const now = JSON.stringify(question);
      if (now !== key) [key, value] = [now, compute(...question)];
      return value;
    };
  }

  // upper tail of the normal distribution, relative error below 1.2e-7
  function tail(z) {
    const x = Math.abs(z) / Math.SQRT2;
    const t = 1 / (1 + x / 2);
    const c = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
    const value = (t * Math.exp(-x * x + c.reduceRight((sum, v) => sum * t + v, 0))) / 2;
    return z >= 0 ? value : 1 - value;
  }
  const density = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  // where an increasing function has a value, within two ends
  function solve(f, value, low, high, steps = 50) {
    for (let i = 0; i < steps; i++) {
      const middle = (low + high) / 2;
      if (f(middle) < value) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  // the effect of the best penalties at any point: a Gaussian process, with the kernel that was
  // fitted to the scenarios
  function fitSurface(surface) {
    const n = surface.x.length;
    const L = new Float64Array(n * n);
    function matern(a, b) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += ((a[i] - b[i]) / surface.lengths[i]) ** 2;
      const d = Math.sqrt(5 * sum);
      return surface.constant * (1 + d + (d * d) / 3) * Math.exp(-d);
    }
    function solveLower(v) {
      for (let i = 0; i < n; i++) {
        let sum = v[i];
        for (let k = 0; k < i; k++) sum -= L[i * n + k] * v[k];
        v[i] = sum / L[i * n + i];
      }
      return v;
    }
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        let sum = matern(surface.x[i], surface.x[j]) + (i === j ? surface.noise + surface.error[i] : 0);
        for (let k = 0; k < j; k++) sum -= L[i * n + k] * L[j * n + k];
        L[i * n + j] = i === j ? Math.sqrt(sum) : sum / L[j * n + j];
      }
    const half = solveLower(Float64Array.from(surface.y));

    // mean and standard deviation where effects are bent
    function posterior({ aspect, share, snr, alignment, binary, response }) {
      const x = [aspect, share * aspect, snr, together(alignment)].map(Math.log).concat(binary);
      const v = solveLower(Float64Array.from(surface.x, (own) => matern(x, own)));
      let mean = 0;
      let left = surface.constant + surface.noise;
      for (let i = 0; i < n; i++) {
        mean += v[i] * half[i];
        left -= v[i] * v[i];
      }
      return { mean: surface.centre + surface.scale * mean, sd: surface.widen[response] * surface.scale * Math.sqrt(Math.max(left, 0)) };
    }
    const bent = (m) => surface.bend * Math.sinh(m);
    // what is not known is any of several points, each as likely as the others
    return (points) => {
      const parts = points.map(posterior);
      const below = (m) => parts.reduce((sum, p) => sum + tail((p.mean - m) / p.sd), 0) / parts.length;
      const ends = [Math.min(...parts.map((p) => p.mean - 6 * p.sd)), Math.max(...parts.map((p) => p.mean + 6 * p.sd))];
      const quantile = (share) => bent(solve(below, share, ...ends));
      const reach = (1 - page.explorer.level) / 2;
      const middle = parts.length === 1 ? parts[0].mean : solve(below, 0.5, ...ends);
      return { l1: below(0), effect: bent(middle), low: quantile(reach), high: quantile(1 - reach) };
    };
  }

  // where effects cancel neither penalty gains by it
  const together = (alignment) => Math.max(alignment, 1);

  // exact theory for independent features of equal effect: least risks of both penalties for many
  // rows, in units of the noise; normwise.theory has the same in Python
  function theoryRisks(aspect, share, snr) {
    const m = snr / aspect;
    const b = m - 1 - snr;
    const ridge = (Math.sqrt(b * b + 4 * m) - b) / 2 - 1;
    const counts = [aspect * (1 - share), aspect * share];
    const size = Math.sqrt(snr / (aspect * share));
    const risk = (mu, t) =>
      1 + t * t + (mu * mu - t * t - 1) * (tail(mu - t) - tail(mu + t)) - (t - mu) * density(t + mu) - (t + mu) * density(t - mu);
    const slope = (mu, t) => t * (tail(t - mu) + tail(t + mu)) - density(t - mu) - density(t + mu);
    const least = (tau2) => {
      const mu = size / Math.sqrt(tau2);
      const turn = (t) => counts[0] * slope(0, t) + counts[1] * slope(mu, t);
      let high = 1;
      while (turn(high) < 0 && high < 30) high *= 2;
      if (turn(high) < 0) return 1 + snr;
      const t = solve(turn, 0, 0, high, 60);
      return 1 + tau2 * (counts[0] * risk(0, t) + counts[1] * risk(mu, t));
    };
    // the least noise that feeds itself
    const lasso = solve((tau2) => tau2 - least(tau2), 0, 1, 1 + snr, 60) - 1;
    return { lasso, ridge };
  }
  // the side of the boundary at a times as many relevant features, one row going to the intercept
  function boundarySide(rows, columns, { share, snr, alignment }) {
    const counted = share * together(alignment);
    if (counted >= 1) return "l2";
    const { lasso, ridge } = theoryRisks(columns / Math.max(rows - 1, 1), counted, snr);
    return lasso < ridge ? "l1" : "l2";
  }

  // signal-to-noise ratio of the zeros and ones of two classes that the best model ranks with this
  // AUC; the log-odds are taken as normal, as normwise.theory.observed does
  const snrOfAuc = remembering((auc, rate) => {
    const nodes = Array.from({ length: 241 }, (_, i) => -6 + i / 20);
    const weights = nodes.map((z) => density(z) / 20);
    const chances = (spread) => {
      const at = (start) => nodes.map((z) => 1 / (1 + Math.exp(-start - spread * z)));
      const mean = (values) => values.reduce((sum, v, i) => sum + weights[i] * v, 0);
      return at(solve((start) => mean(at(start)), rate, -40 - 10 * spread, 40 + 10 * spread));
    };
    const ranked = (spread) => {
      let passed = 0;
      let sum = 0;
      chances(spread).forEach((chance, i) => {
        sum += weights[i] * chance * (passed + (weights[i] * (1 - chance)) / 2);
        passed += weights[i] * (1 - chance);
      });
      return sum / (rate * (1 - rate));
    };
    const spread = solve(ranked, auc, 0, 60, 40);
    const slope = chances(spread).reduce((sum, chance, i) => sum + weights[i] * chance * (1 - chance), 0);
    const share = (spread * slope) ** 2 / (rate * (1 - rate));
    return share / (1 - share);
  });
