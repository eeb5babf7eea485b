// @ts-check
// A run of somebody else's, or an old one: shown beside the others by its link or its id.
import { el } from "../shared/dom.js";

/** @param {import("./contract.js").Act} act */
export function createAdd(act) {
  const input = el("input", {
    type: "text",
    id: "add-run",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "add-run-why",
    "data-testid": "add-run",
  });
  const button = el("button", { type: "submit", "data-testid": "add-run-go" }, "Add");
  const why = el("p", { class: "refused", id: "add-run-why", role: "alert", "data-testid": "add-run-why" });
  const form = el("form", { class: "row", novalidate: "" }, el("label", { for: input.id }, "Its link or id"), input, button, why);
  const root = el("details", { class: "add" }, el("summary", { "data-testid": "add-run-open" }, "Add a run by its link"), form);
  let asked = 0; // the edit that waits for its answer
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    asked = act("add", "", input.value);
  });
  return {
    root,
    /** @param {import("./contract.js").RunsFrame} frame */
    update(frame) {
      if (why.textContent !== frame.said_add) why.textContent = frame.said_add;
      input.setAttribute("aria-invalid", String(frame.said_add !== ""));
      if (asked === 0 || frame.sequence < asked) return;
      asked = 0;
      if (frame.said_add === "") input.value = "";
      else why.scrollIntoView({ block: "nearest" });
    },
  };
}
