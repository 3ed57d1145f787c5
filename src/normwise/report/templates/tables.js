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
  starts.push(wireTables, wireDownloads);

