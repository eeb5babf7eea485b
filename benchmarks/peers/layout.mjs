// One layout by a peer: `node layout.mjs dagre|elk < graph.json`. Prints the CPU seconds, the boxes' places and the links' points.
import { readFileSync } from "node:fs";

const graph = JSON.parse(readFileSync(0, "utf8"));

async function dagre() {
  const { default: library } = await import("@dagrejs/dagre");
  const made = new library.graphlib.Graph({ multigraph: true });
  made.setGraph({ rankdir: "TB", nodesep: 22, ranksep: 30 });
  for (const { id, width, height } of graph.nodes) made.setNode(id, { width, height });
  for (const { id, from, to, width, height } of graph.edges) made.setEdge(from, to, { width, height, labelpos: "r" }, id);
  return measured(
    () => library.layout(made),
    () => ({
      nodes: Object.fromEntries(graph.nodes.map(({ id, width, height }) => [id, [made.node(id).x - width / 2, made.node(id).y - height / 2]])),
      edges: Object.fromEntries(graph.edges.map(({ id, from, to }) => [id, made.edge(from, to, id).points.map(({ x, y }) => [x, y])])),
    }),
  );
}

async function elk() {
  const { default: Elk } = await import("elkjs/lib/elk.bundled.js");
  const asked = {
    id: "root",
    layoutOptions: { "elk.algorithm": "layered", "elk.direction": "DOWN", "elk.edgeRouting": "POLYLINE" },
    children: graph.nodes.map(({ id, width, height }) => ({ id, width, height })),
    edges: graph.edges.map(({ id, from, to, width, height }) => ({
      id,
      sources: [from],
      targets: [to],
      labels: width ? [{ text: "l", width, height }] : [],
    })),
  };
  let found;
  const engine = new Elk();
  return measured(
    async () => (found = await engine.layout(asked)),
    () => ({
      nodes: Object.fromEntries(found.children.map(({ id, x, y }) => [id, [x, y]])),
      edges: Object.fromEntries(
        found.edges.map(({ id, sections }) => [
          id,
          sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]).map(({ x, y }) => [x, y]),
        ]),
      ),
    }),
  );
}

async function measured(layout, result) {
  const before = process.cpuUsage();
  await layout();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, ...result() };
}

const peers = { dagre, elk };
process.stdout.write(JSON.stringify(await peers[process.argv[2]]()), () => process.exit(0));
