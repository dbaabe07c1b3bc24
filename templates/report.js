"use strict";
// Adds sorting, filtering, reading and copying to a page that says everything without it.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const said = document.getElementById("said");

  // --- the overview: sort by a column's head, filter by words and status
  const table = document.getElementById("overview-table");
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const sort = (head, column) => {
      const numeric = head.dataset.sort === "number";
      const descending = head.ariaSort ? head.ariaSort === "ascending" : numeric;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.ariaSort = descending ? "descending" : "ascending";
      const value = (row) => {
        const cell = row.cells[column];
        if (!numeric) return cell.textContent.trim();
        return cell.dataset.key === "" ? null : Number(cell.dataset.key);
      };
      const order = (a, b) => (numeric ? a - b : a.localeCompare(b, "en"));
      body.append(...[...rows].sort((first, second) => {
        const [a, b] = [value(first), value(second)];
        if (a === null || b === null) return (a === null) - (b === null); // what is not known is last
        return descending ? order(b, a) : order(a, b);
      }));
    };
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(head, column));
    });

    const filter = document.getElementById("filter");
    const status = document.getElementById("status");
    const shown = document.getElementById("shown");
    const show = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        const fits = words.every((word) => text.includes(word)) &&
          (!status.value || row.dataset.status === status.value);
        row.hidden = !fits;
        document.getElementById(row.dataset.group).hidden = !fits;
        count += fits;
      }
      shown.textContent = `${count} of ${rows.length} shown`;
    };
    filter.addEventListener("input", show);
    status.addEventListener("change", show);
    show();
  }

  // --- one hour at a time: the curves, the heat-maps and the slider point at the same one
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  for (const figure of all(".hours")) {
    const slider = figure.querySelector("input[type=range]");
    const output = figure.querySelector("output");
    const plot = figure.querySelector(".plot");
    const maps = all(".cells", figure);
    const daysOf = (map) => map.previousElementSibling.textContent.split("\n");
    const series = {};
    for (const name of ["low", "mid", "high", "now", "then", "latencyNow", "latencyThen", "riskNow", "riskThen"]) {
      series[name] = figure.dataset[name]?.split(" ").flatMap((run) => {
        const [value, times] = run.split("*"); // "1954*3" is three hours
        return Array(Number(times ?? 1)).fill(value.replace(/\B(?=(\d{3})+$)/g, ","));
      });
    }
    const time = (hour) => new Date(Number(figure.dataset.start) + hour * 3600e3);
    const hours = series.mid.length;
    const read = (hour) => {
      const at = time(hour);
      const day = DAYS[at.getUTCDay()];
      const clock = at.toISOString().slice(11, 16);
      const both = (now, then, unit) =>
        then ? `${now[hour]}${unit} now, ${then[hour]}${unit} proposed` : `${now[hour]}${unit}`;
      const words = `${day} ${at.toISOString().slice(0, 10)} ${clock} UTC: demand ${series.mid[hour]} req/s ` +
        `(p05–p95 ${series.low[hour]}–${series.high[hour]}); capacity ${both(series.now, series.then, " req/s")}` +
        (series.latencyNow ? `; p99 ${both(series.latencyNow, series.latencyThen, " ms")}` +
          `; bad minutes ${both(series.riskNow, series.riskThen, " %")}` : "") + figure.dataset.mark;
      output.textContent = words;
      slider.value = hour;
      slider.setAttribute("aria-valuetext", words);
      const line = plot.querySelector(".cursor");
      line.setAttribute("x1", hour);
      line.setAttribute("x2", hour);
      line.removeAttribute("visibility");
      for (const map of maps) {
        const cell = map.querySelector(".cursor");
        cell.setAttribute("x", at.getUTCHours());
        cell.setAttribute("y", daysOf(map).indexOf(day));
        cell.removeAttribute("visibility");
      }
    };
    const within = (part, size) => Math.max(0, Math.min(size - 1, Math.floor(part * size)));
    const follow = (element, hourAt) => {
      for (const event of ["pointermove", "pointerdown"]) {
        element.addEventListener(event, (pointer) => {
          const box = element.getBoundingClientRect();
          const hour = hourAt((pointer.clientX - box.left) / box.width, (pointer.clientY - box.top) / box.height);
          if (hour >= 0) read(hour);
        });
      }
    };
    follow(figure.querySelector(".week"), (x) => within(x, hours));
    for (const map of maps) {
      const days = daysOf(map);
      follow(map, (x, y) => {
        const [day, clock] = [days[within(y, days.length)], within(x, 24)];
        return series.mid.findIndex((_, hour) => {
          const at = time(hour);
          return DAYS[at.getUTCDay()] === day && at.getUTCHours() === clock;
        });
      });
    }
    slider.addEventListener("input", () => read(Number(slider.value)));
    const peak = series.high.map((text) => Number(text.replaceAll(",", "")));
    read(peak.indexOf(Math.max(...peak)));
  }

  // --- points say what they are
  for (const figure of all(".frontier")) {
    const output = figure.querySelector("output");
    for (const point of all(".point", figure)) {
      const say = () => { output.textContent = point.querySelector("title").textContent; };
      point.addEventListener("pointerenter", say);
      point.addEventListener("focus", say);
    }
  }

  // --- copying
  const copyBySelection = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const button of all("button[data-copy]")) {
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const text = source.dataset.exact ? JSON.parse(source.dataset.exact) : source.textContent;
      let done = false;
      try {
        await navigator.clipboard.writeText(text);
        done = true;
      } catch {
        done = copyBySelection(text);
        button.focus();
      }
      button.textContent = done ? "Copied" : "Select and copy it by hand";
      said.textContent = button.textContent;
      setTimeout(() => { button.textContent = label; said.textContent = ""; }, 2000);
    });
  }

  // --- a link opens the group it leads to; paper shows everything
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  for (const link of all('a[href^="#group-"]')) link.addEventListener("click", () => setTimeout(open));
  open();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
