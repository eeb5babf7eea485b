// @ts-check
// The settings of a run as a form. The fields are made once: what somebody is typing survives every answer.
import { el, replace } from "../shared/dom.js";
import { termOf } from "../shared/terms.js";

/** @typedef {import("./contract.js").SettingField} SettingField */

/** @param {() => void} onChange */
export function createFields(onChange) {
  const root = el("div", { class: "fields" });
  /** @type {Map<string, {control: HTMLInputElement | HTMLSelectElement, row: HTMLElement, why: HTMLElement}>} */
  const made = new Map();

  /** @param {SettingField} field */
  function create(field) {
    const id = `train-${field.name}`;
    const attributes = { id, "data-testid": id, title: field.help, oninput: onChange };
    /** @type {HTMLInputElement | HTMLSelectElement} */
    let control;
    if (field.kind === "choice") control = el("select", attributes);
    else if (field.kind === "flag") control = el("input", { ...attributes, type: "checkbox" });
    else control = el("input", { ...attributes, type: "text", inputmode: "decimal", autocomplete: "off", size: "6" });
    const term = termOf(field.label, true);
    const why = el("span", { class: "refused", id: `${id}-why` });
    const row = el(
      "div",
      { class: `field ${field.kind}` },
      el("label", { for: id, title: term.class ? null : field.help }, el("span", term, field.label)),
      control,
      why,
    );
    made.set(field.name, { control, row, why });
    return row;
  }

  /** @param {SettingField[]} fields */
  function build(fields) {
    const groups = grouped(fields);
    replace(
      root,
      ...[...groups].map(([group, members]) => {
        const rows = el("div", { class: "grid" }, ...members.map(create));
        return group ? el("details", { "data-group": group }, el("summary", {}, group), rows) : rows;
      }),
    );
  }

  /** @param {SettingField} field */
  function show(field) {
    const entry = made.get(field.name);
    if (!entry) return;
    const { control, row, why } = entry;
    row.hidden = !field.shown;
    if (control instanceof HTMLSelectElement) {
      if ([...control.options].map((option) => option.value).join() !== field.choices.join())
        replace(control, ...field.choices.map((choice) => el("option", { value: choice }, field.titles[choice] ?? choice)));
      control.value = String(field.value);
    } else if (control.type === "checkbox") control.checked = Boolean(field.value);
    else if (control.value !== field.value && control.ownerDocument.activeElement !== control) control.value = String(field.value);
    why.textContent = field.refused;
    if (field.refused) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", why.id);
      const details = row.closest("details");
      if (details) details.open = true;
    } else {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
  }

  return {
    root,
    values: () =>
      Object.fromEntries(
        [...made].map(([name, { control }]) => [name, control instanceof HTMLInputElement && control.type === "checkbox" ? control.checked : control.value]),
      ),
    /** @param {SettingField[]} fields */
    update(fields) {
      if (made.size === 0) build(fields);
      fields.forEach(show);
    },
  };
}

/** @param {SettingField[]} fields */
function grouped(fields) {
  /** @type {Map<string, SettingField[]>} */
  const groups = new Map();
  for (const field of fields) groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  return groups;
}
