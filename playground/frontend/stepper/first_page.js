// @ts-check
// The workbench of the default page, before Streamlit is there: it stands where Streamlit will have it, can be stepped and
// typed into, and is put there as it is, once Streamlit mounts it. A script of the document itself (ui/start/first_paint.py).

const GIVEN_UP = 5000; // ms after a run of the page in which it was not taken over: then something else stands there
const A_RUN = '[data-test-script-state="running"]';

/** @typedef {import("../shared/mounting.js").Component<object>} Component */

/** @param {HTMLElement} place @param {string} component the address of its folder */
async function show(place, component) {
  const frame = JSON.parse(document.getElementById("first-frame")?.textContent ?? "");
  const shadow = /** @type {HTMLElement} */ (place.firstElementChild).attachShadow({ mode: "open" });
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = `${component}stepper.css`;
  shadow.append(style);
  const { default: mount } = await import(`${component}stepper.js`); // of the very address that Streamlit has it from
  const leave = mount({ data: { frame }, key: "", parentElement: shadow, setStateValue: null });
  /** @type {ReturnType<typeof setTimeout> | null} */
  let late = null;
  let hasRun = false;
  const end = () => {
    inside.disconnect();
    outside.disconnect();
    if (late !== null) clearTimeout(late);
    leave();
    const main = document.querySelector(".stMain");
    if (main) main.scrollTop = place.scrollTop;
    place.remove();
  };
  let stood = shadow.querySelector(".workbench") !== null;
  const inside = new MutationObserver(() => {
    const stands = shadow.querySelector(".workbench") !== null;
    if (stood && !stands) end();
    stood ||= stands;
  });
  const outside = new MutationObserver(() => {
    const isRunning = document.querySelector(A_RUN) !== null;
    hasRun ||= isRunning; // until Streamlit is connected it says that nothing runs, too
    if (late === null && hasRun && !isRunning) late = setTimeout(end, GIVEN_UP);
  });
  inside.observe(shadow, { childList: true });
  outside.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-test-script-state"] });
}

const place = document.getElementById("first-page");
if (place) show(place, new URL(place.dataset.component ?? "", document.baseURI).href).catch(() => place.remove());
