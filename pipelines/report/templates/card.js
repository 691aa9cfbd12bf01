(() => {
  "use strict";
  const PAGE = 40;
  const form = document.getElementById("controls");
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const found = document.getElementById("found");
  const words = document.getElementById("words");
  const items = [...list.children];
  const texts = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
  const choices = ["status", "view", "method", "reason", "label"]
    .map((name) => [name, document.getElementById(name)])
    .filter(([, control]) => control);
  const order = document.getElementById("order");
  let shown = PAGE;

  const fits = (item, wanted) =>
    wanted.every((word) => texts.get(item).includes(word)) &&
    choices.every(([name, control]) => {
      const value = control.value;
      const own = item.dataset[name];
      return !value || (name === "method" ? own.split(" ").includes(value) : own === value);
    });

  const value = (item, key, missing) => {
    const text = item.dataset[key];
    return text === "" ? missing : Number(text);
  };

  const arrange = () => {
    const sorted = [...items];
    if (order.value === "rate") sorted.sort((a, b) => value(b, "rate", -1) - value(a, "rate", -1));
    if (order.value === "alike") sorted.sort((a, b) => value(a, "alike", 2) - value(b, "alike", 2));
    list.append(...sorted);
    return sorted;
  };

  const update = (sorted = [...list.children]) => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const item of sorted) {
      const fit = fits(item, wanted);
      if (fit) count += 1;
      item.hidden = !fit || count > shown;
    }
    more.hidden = count <= shown;
    const visible = Math.min(count, shown);
    found.textContent = count === 0
      ? "No variant fits."
      : `${visible} of ${count} that fit, ${items.length} in all`;
  };

  const fresh = () => { shown = PAGE; update(); };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target === order) { shown = PAGE; update(arrange()); } else fresh();
  });
  form.addEventListener("reset", () => setTimeout(() => { shown = PAGE; update(arrange()); words.focus(); }));
  more.addEventListener("click", () => {
    const before = [...list.children].filter((item) => !item.hidden).length;
    shown += PAGE;
    update();
    const next = [...list.children].filter((item) => !item.hidden)[before];
    if (next) { next.tabIndex = -1; next.focus(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      words.focus();
    }
    if (event.key === "Escape" && document.activeElement === words && words.value) {
      words.value = "";
      fresh();
    }
  });
  const printed = window.matchMedia("print");
  printed.addEventListener("change", () => { shown = printed.matches ? Infinity : PAGE; update(); });
  update();
})();
