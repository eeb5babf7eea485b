// @ts-check
// The component of the layers page: mounts the list of layers. The contract is docs/layers.md.
import { mounting } from "../shared/mounting.js";
import { createStack } from "./view.js";

export default mounting((root, set) => createStack(root, { send: (edit) => set("edit", edit) }));
