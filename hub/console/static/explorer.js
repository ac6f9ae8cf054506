// The schema as a tree: types unfold as they are opened; a press on a field writes its name into the query.

import { inLanguage, label } from "./labels.js";

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

export class Explorer {
  constructor(root, onPick) {
    this.root = root;
    this.onPick = onPick;
    this.types = {};
  }

  async load() {
    this.types = (await (await fetch("schema.json")).json()).types;
    this.draw();
  }

  draw() {
    const open = new Set([...this.root.querySelectorAll("details[open]")].map((entry) => entry.dataset.place));
    this.root.replaceChildren(...this.fieldNodes("Query", "Query", open.size ? open : new Set(["Query.migrant"])));
  }

  fieldNodes(typeName, place, open) {
    return (this.types[typeName]?.fields ?? []).map((field) => this.fieldNode(field, `${place}.${field.name}`, open));
  }

  fieldNode(field, place, open) {
    const inner = field.type.replace(/[[\]!]/g, "");
    const line = this.line(field, inner);
    if (!this.types[inner]) return element("div", "leaf", line, this.description(field));
    const details = element("details", "", element("summary", "", line), this.description(field));
    details.dataset.place = place;
    const unfold = () => {
      if (details.childElementCount === 2) details.append(element("div", "inner", ...this.fieldNodes(inner, place, open)));
    };
    details.addEventListener("toggle", () => details.open && unfold());
    if (open.has(place)) {
      unfold();
      details.open = true;
    }
    return details;
  }

  line(field, inner) {
    const name = element("button", "name", field.name);
    name.type = "button";
    name.addEventListener("click", (event) => {
      event.preventDefault();
      this.onPick(field, Boolean(this.types[inner]));
    });
    const line = element("span", "line", name);
    if (field.arguments) line.append(element("span", "arguments", `(${field.arguments})`));
    line.append(element("span", "type", field.type));
    if (field.class) line.append(element("span", `class ${field.class.toLowerCase()}`, label(`class.${field.class}`)));
    if (field.locates) {
      const pin = element("span", "pin");
      pin.title = label("locates");
      pin.setAttribute("role", "img");
      pin.setAttribute("aria-label", label("locates"));
      line.append(pin);
    }
    return line;
  }

  description(field) {
    return element("p", "description", inLanguage(field));
  }
}
