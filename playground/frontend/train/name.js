// @ts-check
// The name of a run, which its owner changes in place: Enter takes it, Escape leaves it, nothing gives the own one back.
import { el } from "../shared/dom.js";

const LONGEST = 60; // characters

/** @param {(typed: string) => void} onName */
export function createName(onName) {
  const name = el("strong", { "data-testid": "run-name" });
  const field = el("input", {
    type: "text",
    maxlength: String(LONGEST),
    autocomplete: "off",
    "aria-label": "Name of the run",
    "data-testid": "run-name-field",
  });
  const button = el("button", { type: "button", class: "small", "data-testid": "run-rename", onclick: open }, "Rename");
  const root = el("span", { class: "name" }, name, field, button);
  field.hidden = true;
  let was = "";

  function open() {
    was = field.value = name.textContent ?? "";
    show(true);
    field.select();
  }
  /** @param {boolean} isOpen */
  function show(isOpen) {
    field.hidden = !isOpen;
    name.hidden = button.hidden = isOpen;
    if (isOpen) field.focus();
  }
  /** @param {boolean} isTaken */
  function close(isTaken) {
    if (field.hidden) return;
    const typed = field.value.trim();
    show(false);
    if (!isTaken || typed === was) return;
    if (typed) name.textContent = typed; // until the server has answered
    onName(typed);
  }
  field.addEventListener("blur", () => close(true));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // or the key would press the button that gets the focus
    close(event.key === "Enter");
    button.focus();
  });
  return {
    root,
    /**
     * @param {string} now
     * @param {boolean} mine
     */
    update(now, mine) {
      if (name.textContent !== now) name.textContent = now;
      if (field.hidden) button.hidden = !mine;
    },
  };
}
