/** One choice or several. Public value and payload: the choice's value or null; with `multiselect` a list of values. */
import { checkedChoice, checkedChoices, choicesOf, namesOf } from "../choices.js";
import { el, freshId } from "../dom.js";
import { Field, define } from "../field.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../choices.js").Value} Value */

export default class Dropdown extends Field {
  static stylesheet = true;
  /** @type {Value | Value[] | null} */
  #value = null;

  /** @param {HTMLElement} body */
  build(body) {
    const { multiselect, allow_custom_value: custom } = this.config.props;
    if (this.mode === "output") {
      this.text = el("output", { className: "text-output" });
      body.append(this.text);
    } else if (multiselect) this.#buildSeveral(body);
    else if (custom) this.#buildWritten(body);
    else this.#buildList(body);
  }

  /** @param {HTMLElement} body The browser's own list: the phone's wheel, the keyboard's first letters. */
  #buildList(body) {
    const { props } = this.config;
    this.list = el("select", {}, ...choicesOf(props).map(([name]) => el("option", { textContent: name })));
    if (props.value === null || props.value === undefined) this.list.prepend(el("option", { textContent: "Choose…" }));
    this.offset = this.list.options.length - choicesOf(props).length;
    this.asControl(this.list, { className: "control dropdown-list" });
    this.list.addEventListener("input", (event) => {
      const index = (this.list?.selectedIndex ?? -1) - (this.offset ?? 0);
      this.#take(event, choicesOf(props)[index]?.[1] ?? null);
    });
    body.append(this.list);
  }

  /** @param {HTMLElement} body A line to write in, with the choices' names as suggestions. */
  #buildWritten(body) {
    const choices = choicesOf(this.config.props);
    const suggestions = el("datalist", { id: freshId("choices") }, ...choices.map(([name]) => el("option", { value: name })));
    this.line = el("input", { type: "text" });
    this.asControl(this.line, { className: "control", autocomplete: "off", placeholder: "Choose or write" });
    this.line.setAttribute("list", suggestions.id);
    this.line.addEventListener("input", (event) => this.#take(event, this.#spelled(this.line?.value ?? "")));
    this.line.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) this.submit();
    });
    body.append(this.line, suggestions);
  }

  /** @param {HTMLElement} body A box for each choice: several in one list of the browser need the Control key. */
  #buildSeveral(body) {
    this.boxes = el("div", { className: "dropdown-boxes", role: "group", "aria-labelledby": this.label?.id });
    this.asControl(this.boxes);
    this.label?.removeAttribute("for");
    body.append(this.boxes);
    if (!this.config.props.allow_custom_value) return;
    const line = el("input", {
      type: "text", className: "control dropdown-own", placeholder: "Write another, then Enter", autocomplete: "off",
      "aria-label": `Another value for ${this.config.label || "this list"}`,
    });
    line.addEventListener("input", (event) => event.stopPropagation());
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !line.value.trim()) return;
      event.preventDefault();
      this.value = [...new Set([...this.#several(), this.#spelled(line.value.trim()) ?? ""])];
      line.value = "";
      this.changed();
    });
    body.append(line);
  }

  /** @param {string} text @returns {Value | null} */
  #spelled(text) {
    if (text === "") return null;
    return choicesOf(this.config.props).find(([name]) => name === text)?.[1] ?? text;
  }

  #several() {
    return Array.isArray(this.#value) ? this.#value : [];
  }

  /** @param {Event} event @param {Value | Value[] | null} value */
  #take(event, value) {
    event.stopPropagation();
    this.#value = value;
    this.changed();
  }

  #drawBoxes() {
    const known = choicesOf(this.config.props);
    const own = this.#several().filter((value) => !known.some(([, one]) => one === value));
    const rows = [...known, ...own.map((value) => /** @type {[string, Value]} */ ([String(value), value]))];
    this.boxes?.replaceChildren(...rows.map(([name, value]) => {
      const box = el("input", { type: "checkbox", checked: this.#several().includes(value) });
      box.addEventListener("input", (event) => {
        const rest = this.#several().filter((one) => one !== value);
        this.#take(event, box.checked ? [...rest, value] : rest);
      });
      return el("label", { className: "dropdown-choice" }, box, el("span", { textContent: name }));
    }));
  }

  problem() {
    const { max_choices: most } = this.config.props;
    const chosen = this.#several().length;
    return most && chosen > most ? `${chosen} are chosen; choose at most ${most}.` : null;
  }

  get value() {
    return this.config.props.multiselect && this.mode === "input" ? this.#several() : this.#value;
  }

  /** @param {Value | Value[] | null} value */
  set value(value) {
    this.#value = value;
    const single = Array.isArray(value) ? null : value;
    const index = choicesOf(this.config.props).findIndex(([, one]) => one === single);
    if (this.list) this.list.selectedIndex = index >= 0 ? index + (this.offset ?? 0) : (this.offset ?? 0) - 1;
    if (this.line) this.line.value = namesOf(this.config, single);
    if (this.boxes) this.#drawBoxes();
    if (this.text) this.text.value = value === null ? "No answer yet" : namesOf(this.config, value) || "None";
    this.toggleAttribute("data-empty", Boolean(this.text) && value === null);
  }

  describe() {
    return namesOf(this.config, this.value) || "nothing";
  }
}

define("ps-dropdown", Dropdown);

/** @param {any} value @param {ComponentConfig} config */
export const toPayload = async (value, config) =>
  config.props.multiselect ? checkedChoices(value, config) : checkedChoice(value, config);

/** @param {any} payload @param {ComponentConfig} _config */
export const toPublic = (payload, _config) => payload;

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} */
export const preview = (value, config) => el("span", { className: "example-text", textContent: namesOf(config, value) || "(none)" });
